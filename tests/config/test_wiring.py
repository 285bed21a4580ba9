"""What production connects, and what it does not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from keepline.config import wiring
from keepline.gateways import switchboard
from keepline.gateways.esim.es2plus.fake.certificates import keep_certificates
from keepline.gateways.esim.port import EsimUnknown
from keepline.gateways.porting.port import PortingUnknown
from tests.gateways.sms_gateway_process import SECRET
from tests.gateways.test_es2plus_points import TOLD


@pytest.fixture(autouse=True)
def empty_switchboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(switchboard, "_factories", {})
    monkeypatch.setattr(switchboard, "_addresses", {})
    monkeypatch.setattr(switchboard, "_allowed", [])
    switchboard._adapter.cache_clear()
    yield
    switchboard._adapter.cache_clear()


def test_no_fake_stands_in_production(settings: Any) -> None:
    settings.PRODUCTION = True
    wiring.connect()
    assert switchboard.providers() == []
    assert not switchboard.has("network")
    assert not switchboard.has("sms")
    assert switchboard.has("email")


def test_all_ports_elsewhere(settings: Any) -> None:
    settings.PRODUCTION = False
    wiring.connect()
    assert switchboard.providers() == ["sandbox"]
    assert switchboard.sms().name == "fake-sms"
    assert switchboard.network().name == "fake"


def test_production_connects_the_providers_it_was_told_of(settings: Any) -> None:
    settings.PRODUCTION = True
    settings.ENV = replace(
        settings.ENV, stripe_secret_key="sk", paypal_client_id="id", ways_to_pay=("stripe:card",)
    )
    wiring.connect()
    assert switchboard.providers() == ["stripe", "paypal"]
    assert switchboard.methods_allowed() == {"stripe:card"}
    wiring.connect()


def test_each_provider_can_be_made(settings: Any, tmp_path: Path) -> None:
    own, theirs = key_pair(), key_pair()
    (tmp_path / "own.pem").write_text(own[0], encoding="ascii")
    (tmp_path / "theirs.pem").write_text(theirs[1], encoding="ascii")
    settings.ENV = replace(
        settings.ENV,
        stripe_secret_key="sk_test_x",
        stripe_webhook_secret="whsec_x",
        paypal_client_id="id",
        paypal_client_secret="secret",
        paypal_webhook_id="hook",
        alipay_app_id="2021000000000000",
        alipay_private_key=tmp_path / "own.pem",
        alipay_public_key=tmp_path / "theirs.pem",
    )
    wiring.connect()
    for name in ("stripe", "paypal", "alipay"):
        assert switchboard.payments(name).name == name


@pytest.mark.parametrize(
    ("url", "name"),
    [("smpp://PLATFORM:secret@smsc.example.com", "smpp"), ("https://sms.example.com", "sms-http")],
)
@pytest.mark.parametrize("production", [True, False])
def test_sms_go_where_the_settings_say(
    settings: Any, production: bool, url: str, name: str
) -> None:
    settings.PRODUCTION = production
    settings.ENV = replace(settings.ENV, sms_url=url, sms_secrets=(SECRET,), sms_from="Keepline")
    wiring.connect()
    assert switchboard.sms().name == name


@pytest.mark.parametrize("production", [True, False])
def test_osmo_hlr_is_connected_where_it_is_named(settings: Any, production: bool) -> None:
    settings.PRODUCTION = production
    settings.ENV = replace(settings.ENV, hlr_host="hlr.example.com")
    wiring.connect()
    assert switchboard.network().name == "osmo-hlr"


def test_the_smdp_is_connected_when_it_is_named(settings: Any, tmp_path: Path) -> None:
    settings.PRODUCTION = True
    wiring.connect()
    assert not switchboard.has("smdp_plus")
    with pytest.raises(EsimUnknown):
        switchboard.smdp_plus()
    keep_certificates(tmp_path)
    settings.ENV = replace(
        settings.ENV,
        smdp_url="https://smdp.example.com",
        smdp_cert=tmp_path / "client.pem",
        smdp_key=tmp_path / "client.key",
        smdp_ca=tmp_path / "ca.pem",
        smdp_requester="1.3.6.1.4.1.5",
        smdp_points=((8, "delete"),),
    )
    wiring.connect()
    smdp = switchboard.smdp_plus()
    assert smdp.name == "es2plus"
    assert smdp.event_of(replace(TOLD, notification_point_id=8)) == "delete"


def test_the_clearing_house_is_connected_when_it_is_named(settings: Any) -> None:
    settings.PRODUCTION = True
    wiring.connect()
    assert not switchboard.has("porting")
    with pytest.raises(PortingUnknown):
        switchboard.porting()
    settings.ENV = replace(settings.ENV, porting_url="https://b.example.com", porting_key="k" * 32)
    wiring.connect()
    assert switchboard.porting().name == "bridge"


def key_pair() -> tuple[str, str]:
    """A private and a public key, PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()
