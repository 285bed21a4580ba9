"""The KEEPLINE_* variables: the one place where they are read, typed and explained.

Each field of `Environment` is one variable (`port` is KEEPLINE_PORT); docs/settings.md is made from
the same table.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from keepline.config.errors import SettingsError
from keepline.config.secret_key import kept_secret_key

PREFIX = "KEEPLINE_"
MODES = ("demo", "production", "test")
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
SECRET_KEY_CHARACTERS = 50
WORDS = ("mode", "log_format")
LAST_PORT = 65535
SHORTEST_QUARANTINE_DAYS, LONGEST_QUARANTINE_DAYS = 45, 3660  # 47 CFR 52.15(f)
TEST_SECRET_KEY = "known to everybody, good for tests only, never for more"  # noqa: S105


def port_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LAST_PORT:
        raise ValueError("must be a port number from 1 to 65535")
    return int(text)


def count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("must be a whole number, 0 or more")
    return int(text)


def quarantine_days(text: str) -> int:
    days = count(text) if text.isascii() and text.isdigit() else 0
    if not SHORTEST_QUARANTINE_DAYS <= days <= LONGEST_QUARANTINE_DAYS:
        raise ValueError(
            f"must be whole days from {SHORTEST_QUARANTINE_DAYS} to {LONGEST_QUARANTINE_DAYS}"
        )
    return days


def one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return text

    return parse


def address(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if urlsplit(text).scheme not in schemes:
            raise ValueError("must begin with " + " or ".join(f"{name}://" for name in schemes))
        return text

    return parse


def folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def file_for(what: str, reader: str) -> Callable[[str], Path]:
    """A file that the module `reader` can read. Imported when one is named: it knows currencies or
    countries, which most commands need not load."""

    def parse(text: str) -> Path:
        path = folder(text)
        try:
            import_module(reader).read(path)
        except ValueError as error:
            raise ValueError(f"names {what} that cannot be used: {error}") from None
        return path

    return parse


def method_codes(text: str) -> tuple[str, ...]:
    from keepline.payments.ways import table

    codes, known = hosts(text), [method.code for method in table()]
    for code in codes:
        if code not in known:
            raise ValueError(f"names {code}, which is none of {', '.join(known)}")
    return codes


def hosts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def variable(
    parse: Callable[[str], Any], default: str, says: str, shown: str = ""
) -> dict[str, Any]:
    """One variable: how it is read, its default as text, what it means, its default in words."""
    return {"parse": parse, "default": default, "says": says, "shown": shown}


database_address = address("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class Environment:
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
    secret_key: str = field(
        repr=False,
        metadata=variable(
            str,
            "",
            f"Signs sessions and links; {SECRET_KEY_CHARACTERS} or more random characters.",
            "demo: made once, kept in the data folder; production: must be set",
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
        if values["provider_port"] == values["port"]:
            raise SettingsError("KEEPLINE_PROVIDER_PORT must differ from KEEPLINE_PORT.")
        _demand_whole_providers(values)
        if values["mode"] == "production":
            _demand_for_production(values)
        values["public_url"] = values["public_url"] or f"http://localhost:{values['port']}"
        values["public_url"] = values["public_url"].rstrip("/")
        values["allowed_hosts"] = values["allowed_hosts"] or _hosts_of(values)
        values["secret_key"] = values["secret_key"] or _own_secret_key(values)
        return cls(**values)

    def secrets(self) -> list[str]:
        """What no log may show: values that are not shown here either, passwords in addresses."""
        hidden = [str(getattr(self, each.name)) for each in fields(self) if not each.repr]
        passwords = [unquote(urlsplit(text).password or "") for text in hidden if "://" in text]
        return [text for text in (*hidden, *passwords) if text]


def _parsed(each: Field[Any], given: Mapping[str, str]) -> Any:
    name = PREFIX + each.name.upper()
    parse: Callable[[str], Any] = each.metadata["parse"]
    text = given.get(name, "").strip() or each.metadata["default"]
    if text == "":
        return () if parse is hosts else ""
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


PROVIDERS = {
    "stripe": ("stripe_secret_key", "stripe_webhook_secret"),
    "paypal": ("paypal_client_id", "paypal_client_secret", "paypal_webhook_id"),
    "alipay": ("alipay_app_id", "alipay_private_key", "alipay_public_key"),
}


def _demand_whole_providers(values: Mapping[str, Any]) -> None:
    """Half a provider would take money and not hear of it."""
    for names in PROVIDERS.values():
        missing = [name for name in names if not values[name]]
        if missing and len(missing) < len(names):
            wanted = ", ".join(PREFIX + name.upper() for name in missing)
            raise SettingsError(f"{wanted} must be set as well, or none of its provider's.")


def _demand_for_production(values: Mapping[str, Any]) -> None:
    if len(values["secret_key"]) < SECRET_KEY_CHARACTERS:
        raise SettingsError(
            "KEEPLINE_SECRET_KEY must be set in production, to "
            f"{SECRET_KEY_CHARACTERS} random characters or more."
        )
    if not values["public_url"].startswith("https://"):
        raise SettingsError(
            "KEEPLINE_PUBLIC_URL must be set in production and begin with https://, "
            "because its cookies are sent over TLS only."
        )
    if values["crash_at"]:
        raise SettingsError("KEEPLINE_CRASH_AT is for tests and refused in production.")


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
