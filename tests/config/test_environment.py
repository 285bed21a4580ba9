import stat
from pathlib import Path

import pytest

from keepline.config.environment import Environment
from keepline.config.errors import SettingsError

PRODUCTION = {
    "KEEPLINE_MODE": "production",
    "KEEPLINE_SECRET_KEY": "k" * 50,
    "KEEPLINE_PUBLIC_URL": "https://lines.example.org/",
}


def read(folder: Path, **given: str) -> Environment:
    return Environment.read({"KEEPLINE_DATA": str(folder), **given})


def test_defaults(tmp_path: Path) -> None:
    env = read(tmp_path)
    assert (env.mode, env.port, env.provider_port) == ("demo", 8000, 8001)
    assert env.public_url == "http://localhost:8000"
    assert env.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")
    assert env.data == tmp_path
    assert env.database_url == ""


def test_empty_is_unset(tmp_path: Path) -> None:
    assert read(tmp_path, KEEPLINE_PORT="", KEEPLINE_ALLOWED_HOSTS=" ").port == 8000


def test_derived(tmp_path: Path) -> None:
    env = read(
        tmp_path, KEEPLINE_PORT="9000", KEEPLINE_DATABASE_URL="postgresql://a:secret@db/keepline"
    )
    assert env.provider_port == 9001
    assert env.public_url == "http://localhost:9000"
    assert env.database_owner_url == env.database_url
    assert "secret" not in repr(env)


def test_production(tmp_path: Path) -> None:
    env = read(tmp_path, **PRODUCTION)
    assert env.allowed_hosts == ("lines.example.org",)
    assert env.public_url == "https://lines.example.org"
    assert env.secret_key == "k" * 50
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEEPLINE_SECRET_KEY", ""),
        ("KEEPLINE_SECRET_KEY", "short"),
        ("KEEPLINE_PUBLIC_URL", ""),
        ("KEEPLINE_PUBLIC_URL", "http://lines.example.org"),
        ("KEEPLINE_CRASH_AT", "order_written"),
    ],
)
def test_refused_in_production(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read(tmp_path, **{**PRODUCTION, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEEPLINE_PORT", "http"),
        ("KEEPLINE_PORT", "0"),
        ("KEEPLINE_PORT", "65536"),
        ("KEEPLINE_PORT", "٨٠٠٠"),
        ("KEEPLINE_PORT", "-1"),
        ("KEEPLINE_PROVIDER_PORT", "8000"),
        ("KEEPLINE_SMDP_PORT", "8001"),
        ("KEEPLINE_MODE", "prod"),
        ("KEEPLINE_DATABASE_URL", "mysql://somebody:hunter2@db/keepline"),
        ("KEEPLINE_DATABASE_OWNER_URL", "sqlite:///file"),
        ("KEEPLINE_EMAIL_URL", "mail.example.org"),
        ("KEEPLINE_LOG_FORMAT", "xml"),
        ("KEEPLINE_TRUSTED_PROXY_COUNT", "many"),
        ("KEEPLINE_WAYS_TO_PAY", "stripe:cash"),
        ("KEEPLINE_IDENTITY_RETURN_URLS", "http://partner.example/back"),
        ("KEEPLINE_IDENTITY_RETURN_URLS", "https://partner.example/back,app:back"),
        ("KEEPLINE_IDENTITY_RETURN_URLS", "https://partner.example"),
        ("KEEPLINE_IDENTITY_RETURN_URLS", "https://a:hunter2@partner.example/back"),
        ("KEEPLINE_IDENTITY_RETURN_URLS", "https://partner.example/back#done"),
        ("KEEPLINE_IDENTITY_RETURN_URLS", "https://partner.example/zurück"),
    ],
)
def test_bad_values_name_their_variable(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        read(tmp_path, **{name: value})
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_ways_back_to_partners(tmp_path: Path) -> None:
    assert read(tmp_path).identity_return_urls == ()
    two = ("https://partner.example/back?of=keepline", "http://localhost:7000/back")
    assert read(tmp_path, KEEPLINE_IDENTITY_RETURN_URLS=", ".join(two)).identity_return_urls == two


def test_demo_keeps_one_private_secret(tmp_path: Path) -> None:
    first, second = read(tmp_path / "data"), read(tmp_path / "data")
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 50
    mode = (tmp_path / "data" / "secret-key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert read(tmp_path / "other").secret_key != first.secret_key


def test_data_folder_that_cannot_be() -> None:
    with pytest.raises(SettingsError, match="cannot be used"):
        read(Path("/dev/null/data"))


def test_the_shortest_quarantine(tmp_path: Path) -> None:
    assert read(tmp_path).shortest_quarantine_days == 45
    longer = read(tmp_path, KEEPLINE_SHORTEST_QUARANTINE_DAYS="180")
    assert longer.shortest_quarantine_days == 180


@pytest.mark.parametrize("days", ["44", "0", "-1", "45.5", "a month", "3661", "９０"])
def test_a_quarantine_that_no_law_knows(days: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="KEEPLINE_SHORTEST_QUARANTINE_DAYS must be whole days"):
        read(tmp_path, KEEPLINE_SHORTEST_QUARANTINE_DAYS=days)


WHOLE = {
    "stripe": {"KEEPLINE_STRIPE_SECRET_KEY": "sk", "KEEPLINE_STRIPE_WEBHOOK_SECRET": "whsec"},
    "paypal": {
        "KEEPLINE_PAYPAL_CLIENT_ID": "id",
        "KEEPLINE_PAYPAL_CLIENT_SECRET": "secret",
        "KEEPLINE_PAYPAL_WEBHOOK_ID": "hook",
    },
    "alipay": {
        "KEEPLINE_ALIPAY_APP_ID": "app",
        "KEEPLINE_ALIPAY_PRIVATE_KEY": "/keys/own.pem",
        "KEEPLINE_ALIPAY_PUBLIC_KEY": "/keys/alipay.pem",
    },
    "smdp": {
        "KEEPLINE_SMDP_URL": "https://smdp.example.com:8443",
        "KEEPLINE_SMDP_CERT": __file__,
        "KEEPLINE_SMDP_KEY": __file__,
        "KEEPLINE_SMDP_CA": __file__,
        "KEEPLINE_SMDP_REQUESTER": "1.3.6.1.4.1.5",
    },
    "smdp_callback": {
        "KEEPLINE_SMDP_CALLBACK_SECRET": "s" * 32,
        "KEEPLINE_SMDP_CALLBACK_SUBJECT": "CN=smdp",
    },
    "porting": {
        "KEEPLINE_PORTING_URL": "https://bridge.example.com",
        "KEEPLINE_PORTING_KEY": "p" * 32,
    },
}


@pytest.mark.parametrize("provider", WHOLE)
def test_a_provider_is_set_whole_or_not_at_all(provider: str, tmp_path: Path) -> None:
    read(tmp_path, **WHOLE[provider])
    for left_out in WHOLE[provider]:
        part = {name: value for name, value in WHOLE[provider].items() if name != left_out}
        with pytest.raises(SettingsError, match=left_out):
            read(tmp_path, **part)


def test_secrets_of_providers_are_never_shown(tmp_path: Path) -> None:
    shown = repr(read(tmp_path, **WHOLE["stripe"], **WHOLE["paypal"]))
    assert "whsec" not in shown
    assert "'secret'" not in shown


def test_smdp(tmp_path: Path) -> None:
    env = read(tmp_path, **WHOLE["smdp"], **WHOLE["smdp_callback"])
    assert env.smdp_cert == Path(__file__)
    assert env.smdp_points == ()
    assert "s" * 32 not in repr(env)
    assert "s" * 32 in env.secrets()
    told = read(tmp_path, KEEPLINE_SMDP_POINTS="5:delete, 6:enable,101:install")
    assert told.smdp_points == ((5, "delete"), (6, "enable"), (101, "install"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEEPLINE_SMDP_URL", "http://smdp.example.com"),
        ("KEEPLINE_SMDP_CERT", "/not/there.pem"),
        ("KEEPLINE_SMDP_KEY", "/"),
        ("KEEPLINE_SMDP_POINTS", "enable"),
        ("KEEPLINE_SMDP_POINTS", "6:explode"),
        ("KEEPLINE_SMDP_POINTS", "6:enable,6:disable"),
        ("KEEPLINE_SMDP_POINTS", "6:fail"),
        ("KEEPLINE_SMDP_CALLBACK_SECRET", "s" * 31),
    ],
)
def test_an_smdp_that_cannot_work_stops_every_command(
    name: str, value: str, tmp_path: Path
) -> None:
    whole = {**WHOLE["smdp"], **WHOLE["smdp_callback"], name: value}
    with pytest.raises(SettingsError, match=name):
        read(tmp_path, **whole)


def test_the_bridge_is_spoken_to_by_tls_or_on_this_machine(tmp_path: Path) -> None:
    key = WHOLE["porting"]["KEEPLINE_PORTING_KEY"]
    env = read(tmp_path, **WHOLE["porting"])
    assert key not in repr(env)
    assert key in env.secrets()
    for url in ("http://localhost:8003", "http://127.0.0.1:8003", "https://b.example.com"):
        named = read(tmp_path, KEEPLINE_PORTING_URL=url, KEEPLINE_PORTING_KEY=key)
        assert named.porting_url == url
    for url in ("http://b.example.com", "ftp://localhost", "https://", "localhost:8003"):
        with pytest.raises(SettingsError, match="KEEPLINE_PORTING_URL"):
            read(tmp_path, KEEPLINE_PORTING_URL=url, KEEPLINE_PORTING_KEY=key)
    with pytest.raises(SettingsError, match="KEEPLINE_PORTING_PORT must differ"):
        read(tmp_path, KEEPLINE_PORT="8000", KEEPLINE_PORTING_PORT="8002")


def test_stock_keys_are_several_and_long_and_each_is_hidden(tmp_path: Path) -> None:
    assert read(tmp_path).stock_keys == ()
    env = read(tmp_path, KEEPLINE_STOCK_KEYS=f"{'a' * 32}, {'b' * 32}")
    assert env.stock_keys == ("a" * 32, "b" * 32)
    assert {"a" * 32, "b" * 32} <= set(env.secrets())
    assert "a" * 32 not in repr(env)
    with pytest.raises(SettingsError, match="32 random characters") as refused:
        read(tmp_path, KEEPLINE_STOCK_KEYS=f"{'a' * 32},short-but-secret")
    assert "short-but-secret" not in str(refused.value)


def test_osmo_hlr(tmp_path: Path) -> None:
    unset = read(tmp_path)
    assert (unset.hlr_host, unset.hlr_ctrl_port, unset.hlr_vty_port) == ("", 4259, 4258)
    assert unset.hlr_when_closed == "keep"
    for name in ("hlr.example.com", "localhost", "10.0.0.7", "::1", "hlr-1"):
        assert read(tmp_path, KEEPLINE_HLR_HOST=name).hlr_host == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEEPLINE_HLR_HOST", "hlr:4259"),
        ("KEEPLINE_HLR_HOST", "telnet://hlr"),
        ("KEEPLINE_HLR_HOST", "hlr example"),
        ("KEEPLINE_HLR_HOST", "-hlr"),
        ("KEEPLINE_HLR_HOST", "10.0.0.700"),
        ("KEEPLINE_HLR_HOST", "a..b"),
        ("KEEPLINE_HLR_CTRL_PORT", "ctrl"),
        ("KEEPLINE_HLR_VTY_PORT", "0"),
        ("KEEPLINE_HLR_WHEN_CLOSED", "forget"),
    ],
)
def test_an_hlr_that_cannot_be_stops_every_command(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"{name} must be"):
        read(tmp_path, **{name: value})


def test_ways_for_sms(tmp_path: Path) -> None:
    env = read(
        tmp_path,
        KEEPLINE_SMS_URL="smpp://PLATFORM:hunter2@smsc.example.org?rate=50&window=10",
        KEEPLINE_SMS_FROM="Harbour",
        KEEPLINE_SMS_COUNTRIES="cn, de",
    )
    assert env.sms_countries == ("CN", "DE")
    assert "hunter2" not in repr(env)
    assert "hunter2" in env.secrets()
    assert (env.sms_per_country_an_hour, env.sms_per_day) == (200, 5000)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SMS_URL", "smpp://smsc.example.org", "reads smpp://system_id:password@host:2775"),
        ("SMS_URL", "smpp://A:hunter2@host?speed=9", "speed is no option"),
        ("SMS_URL", "smpp://A:hunter2@host?rate=0", "from 1 to 10000"),
        ("SMS_URL", "smpp://A:hunter2-is-too-long@host", "the password .* at most 8"),
        ("SMS_URL", "smpp://A:hunter2@host?alphabet=klingon", "one of gsm, latin1"),
        ("SMS_URL", "http://hunter2@gateway.example.org", "must begin with https://"),
        ("SMS_URL", "ftp://hunter2@host", "must begin with smpp://"),
        ("SMS_URL", "https://gateway.example.org", "KEEPLINE_SMS_SECRETS must be set"),
        ("SMS_FROM", "A sender that is too long", "up to 11"),
        ("SMS_SECRETS", "hunter2", "whsec_"),
        ("SMS_SECRETS", "whsec_aHVudGVyMg==", "24 to 64"),
        ("SMS_COUNTRIES", "China", "two letters"),
        ("SMS_PER_DAY", "many", "whole number"),
    ],
)
def test_ways_for_sms_that_are_none(tmp_path: Path, name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as refused:
        read(tmp_path, **{f"KEEPLINE_{name}": value})
    assert "hunter2" not in str(refused.value)
