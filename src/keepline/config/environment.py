"""The KEEPLINE_* variables: the one place where they are read, typed and explained.

Each field of `Environment` is one variable (`port` is KEEPLINE_PORT); docs/settings.md is made from
the same table.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from keepline.config.demands import (
    demand_for_production,
    demand_own_ports,
    demand_signed_sms,
    demand_whole_providers,
)
from keepline.config.elements import Elements
from keepline.config.errors import SettingsError
from keepline.config.secret_key import kept_secret_key
from keepline.config.values import (
    PREFIX,
    SECRET_KEY_CHARACTERS,
    SHORTEST_QUARANTINE_DAYS,
    address,
    count,
    country_codes,
    file_for,
    folder,
    hosts,
    long_secrets,
    method_codes,
    notification_points,
    one_of,
    page_or_mailbox,
    port_number,
    push_key,
    quarantine_days,
    return_addresses,
    variable,
    webhook_secrets,
)

MODES = ("demo", "production", "test")
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
WORDS = ("mode", "log_format")
TEST_SECRET_KEY = "known to everybody, good for tests only, never for more"  # noqa: S105

LISTS = (
    country_codes,
    hosts,
    long_secrets,
    notification_points,
    return_addresses,
    webhook_secrets,
)

database_address = address("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class Environment(Elements):
    """What an installation was told. Empty variables count as unset."""

    mode: str = field(
        metadata=variable(
            one_of(*MODES),
            "demo",
            "What this installation is for: demo, production or test.",
        )
    )
    data: Path = field(
        metadata=variable(
            folder,
            "~/.local/share/keepline",
            "Folder of everything that Keepline keeps on this disk.",
        )
    )
    database_url: str = field(
        repr=False,
        metadata=variable(
            database_address,
            "",
            "PostgreSQL 16 or later, signed in as the role that serves requests.",
            "the embedded PostgreSQL, in the data folder",
        ),
    )
    database_owner_url: str = field(
        repr=False,
        metadata=variable(
            database_address,
            "",
            "The same database as the role that owns the tables; used by migrations only.",
            "the same as `KEEPLINE_DATABASE_URL`",
        ),
    )
    port: int = field(metadata=variable(port_number, "8000", "Port of the portal and the API."))
    provider_port: int = field(
        metadata=variable(
            port_number,
            "",
            "Port of the sandbox payment provider (demo).",
            "`KEEPLINE_PORT` + 1",
        )
    )
    smdp_port: int = field(
        metadata=variable(port_number, "", "Port of the fake SM-DP+ (demo).", "`KEEPLINE_PORT` + 2")
    )
    porting_port: int = field(
        metadata=variable(
            port_number, "", "Port of the fake clearing house (demo).", "`KEEPLINE_PORT` + 3"
        )
    )
    secret_key: str = field(
        repr=False,
        metadata=variable(
            str,
            "",
            f"Signs sessions and links; {SECRET_KEY_CHARACTERS} or more random characters.",
            "demo: made once, kept in the data folder; production: must be set",
        ),
    )
    secret_key_fallbacks: tuple[str, ...] = field(
        repr=False,
        metadata=variable(
            long_secrets,
            "",
            "Secret keys before this one, parted by commas: what they signed or sealed is still "
            "believed and opened. docs/operators.md says how to change the key.",
            "none",
        ),
    )
    public_url: str = field(
        metadata=variable(
            address("http", "https"),
            "",
            "Address under which people reach the portal, as written into mails.",
            "`http://localhost:KEEPLINE_PORT`; production: must be set",
        )
    )
    allowed_hosts: tuple[str, ...] = field(
        metadata=variable(
            hosts,
            "",
            "Host names that requests may name, parted by commas.",
            "the host of `KEEPLINE_PUBLIC_URL`; outside production also localhost",
        )
    )
    email_url: str = field(
        repr=False,
        metadata=variable(
            address("smtp", "smtps"),
            "",
            "Mail server, `smtp://user:password@host:587` (STARTTLS) or `smtps://...:465`.",
            "mails are written as files into `mail` in the data folder",
        ),
    )
    email_from: str = field(
        metadata=variable(str, "Keepline <keepline@localhost>", "Sender of mails.")
    )
    help_url: str = field(
        metadata=variable(
            page_or_mailbox,
            "",
            "Where holders ask you for help: a page, or `mailto:` and an address; stands beneath "
            "pages and letters.",
            "nothing stands there",
        )
    )
    log_format: str = field(
        metadata=variable(one_of("console", "json"), "console", "Form of the log: console or json.")
    )
    trusted_proxy_count: int = field(
        metadata=variable(
            count,
            "0",
            "How many proxies in front are ours and may state the caller's address.",
        )
    )
    shortest_quarantine_days: int = field(
        metadata=variable(
            quarantine_days,
            str(SHORTEST_QUARANTINE_DAYS),
            "How many days the law where your numbers are keeps them from the next holder; "
            "a catalogue with fewer is refused.",
        )
    )
    ways_to_pay: tuple[str, ...] = field(
        metadata=variable(
            method_codes,
            "",
            "Methods offered to holders, parted by commas, such as `stripe:card,paypal:paypal`; "
            "docs/ways-to-pay.md lists them.",
            "all methods of the providers that are connected",
        )
    )
    payment_limits: Path = field(
        metadata=variable(
            file_for("limits", "keepline.payments.limits"),
            "",
            "TOML file with your limits against fraud; docs/fraud-limits.md says what it may hold.",
            "the shipped limits",
        )
    )
    taxes: Path = field(
        metadata=variable(
            file_for("taxes", "keepline.catalog.tax_file"),
            "",
            "TOML file that says whose country's tax is charged, and your own rates; docs/tax.md "
            "says what it may hold.",
            "each plan's own tax",
        )
    )
    exchange_rates: Path = field(
        metadata=variable(
            file_for("rates", "keepline.payments.exchange_rates"),
            "",
            "TOML file with rates by which prices may be paid in another currency; "
            "docs/currencies.md says what it may hold.",
            "prices are paid in their own currency",
        )
    )
    stripe_secret_key: str = field(
        repr=False,
        metadata=variable(
            str, "", "Stripe's secret key; with it, payments by Stripe are offered.", "no Stripe"
        ),
    )
    stripe_webhook_secret: str = field(
        repr=False,
        metadata=variable(
            str, "", "Signing secret of the webhook endpoint at Stripe, `whsec_...`.", "no Stripe"
        ),
    )
    paypal_client_id: str = field(
        repr=False,
        metadata=variable(
            str, "", "Client id of the PayPal app; with it, PayPal is offered.", "no PayPal"
        ),
    )
    paypal_client_secret: str = field(
        repr=False, metadata=variable(str, "", "Secret of the PayPal app.", "no PayPal")
    )
    paypal_webhook_id: str = field(
        metadata=variable(str, "", "Id of the webhook at PayPal.", "no PayPal")
    )
    paypal_environment: str = field(
        metadata=variable(one_of("live", "sandbox"), "live", "Which PayPal: live or sandbox.")
    )
    alipay_app_id: str = field(
        metadata=variable(
            str, "", "Id of the app at Alipay; with it, Alipay is offered.", "no Alipay"
        )
    )
    alipay_private_key: Path = field(
        metadata=variable(folder, "", "File with the app's private key (RSA2, PEM).", "no Alipay")
    )
    alipay_public_key: Path = field(
        metadata=variable(folder, "", "File with Alipay's public key (PEM).", "no Alipay")
    )
    alipay_gateway_url: str = field(
        metadata=variable(
            address("https"),
            "https://openapi.alipay.com/gateway.do",
            "Alipay's gateway; its sandbox has another.",
        )
    )
    esim_reissues_per_year: int = field(
        metadata=variable(
            count,
            "2",
            "How often within a year the holder may move a line's eSIM to another phone, free of "
            "charge; 0 for never.",
        )
    )
    contact_wait_hours: int = field(
        metadata=variable(
            count,
            "24",
            "How many hours no number and no SIM of an account is changed after an e-mail, a "
            "mobile number or a forgotten password of its members was replaced; 0 for none.",
        )
    )
    unlock_hours: int = field(
        metadata=variable(
            count,
            "24",
            "How many hours the lock of a line still holds once its holder has opened it.",
        )
    )
    stock_keys: tuple[str, ...] = field(
        repr=False,
        metadata=variable(
            long_secrets,
            "",
            "Keys under which PINs and other codes of SIMs are stored, parted by commas, 32 random "
            "characters or more each: the first encrypts, all of them decrypt.",
            "derived from `KEEPLINE_SECRET_KEY`",
        ),
    )
    push_key: str = field(
        repr=False,
        metadata=variable(
            push_key,
            "",
            "Private key by which push services know you, as `keepline push-key` makes one; with "
            "it, browsers can show messages. Changed, everybody must subscribe again.",
            "demo: made once, kept in the data folder; production: no web push",
        ),
    )
    calls_to_loopback: str = field(
        metadata=variable(
            one_of("no", "yes"),
            "no",
            "Whether webhooks may go to this machine, over http and to any port; for trying them "
            "out, refused in production.",
        )
    )
    crash_at: str = field(
        metadata=variable(
            str,
            "",
            "Step at which the process kills itself; for tests, refused in production.",
            "never",
        )
    )

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Environment":
        """The settings in `given` (os.environ). SettingsError says what is wrong with which."""
        values = {each.name: _parsed(each, given) for each in fields(cls)}
        values["database_owner_url"] = values["database_owner_url"] or values["database_url"]
        values["provider_port"] = values["provider_port"] or values["port"] + 1
        values["smdp_port"] = values["smdp_port"] or values["port"] + 2
        values["porting_port"] = values["porting_port"] or values["port"] + 3
        values["live_port"] = values["live_port"] or values["port"] + 4
        values["identity_port"] = values["identity_port"] or values["port"] + 5
        demand_own_ports(values)
        demand_whole_providers(values)
        demand_signed_sms(values)
        if values["mode"] == "production":
            demand_for_production(values)
        values["public_url"] = values["public_url"] or f"http://localhost:{values['port']}"
        values["public_url"] = values["public_url"].rstrip("/")
        values["live_url"] = values["live_url"].rstrip("/")
        values["allowed_hosts"] = values["allowed_hosts"] or _hosts_of(values)
        values["secret_key"] = values["secret_key"] or _own_secret_key(values)
        return cls(**values)

    def secrets(self) -> list[str]:
        """What no log may show: values that are not shown here either, passwords in addresses."""
        values = [getattr(self, each.name) for each in fields(self) if not each.repr]
        hidden = [str(v) for value in values for v in (value if type(value) is tuple else [value])]
        passwords = [unquote(urlsplit(text).password or "") for text in hidden if "://" in text]
        return [text for text in (*hidden, *passwords) if text]


def _parsed(each: Field[Any], given: Mapping[str, str]) -> Any:
    name = PREFIX + each.name.upper()
    parse: Callable[[str], Any] = each.metadata["parse"]
    text = given.get(name, "").strip() or each.metadata["default"]
    if text == "":
        return () if parse in LISTS else ""
    try:
        return parse(text)
    except ValueError as error:
        # Addresses carry passwords, so they are never repeated.
        shown = (
            f", not {text!r}"
            if parse in (port_number, count, quarantine_days) or each.name in WORDS
            else ""
        )
        raise SettingsError(f"{name} {error}{shown}.") from None


def _hosts_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    host = urlsplit(values["public_url"]).hostname or "localhost"
    own = f"[{host}]" if ":" in host else host
    if values["mode"] == "production":
        return (own,)
    return tuple(dict.fromkeys((own, *LOCAL_HOSTS)))


def _own_secret_key(values: Mapping[str, Any]) -> str:
    if values["mode"] == "test":
        return TEST_SECRET_KEY
    data: Path = values["data"]
    return kept_secret_key(data)
