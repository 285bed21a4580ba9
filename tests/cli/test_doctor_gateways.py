"""`keepline doctor`: whether those answer whom the settings name."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keepline.cli import doctor_gateways
from keepline.cli.doctor_gateways import gateways
from keepline.config.environment import Environment
from keepline.config.outside import providers_of
from tests.doubles import FakeProvider
from tests.gateways.es2plus_process import Es2PlusProcess, es2plus_process
from tests.gateways.hlr_process import CTRL_PORT, HOST, HlrProcess, hlr
from tests.gateways.hlr_wire import says
from tests.gateways.porting_process import KEYS, porting_process
from tests.gateways.sms_gateway_process import OTHER_SECRET, SECRET, sms_gateway_process
from tests.gateways.smsc_process import SmscProcess, smsc

__all__ = ["hlr", "smsc"]


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return Environment.read({"KEEPLINE_DATA": str(tmp_path)})


def told(env: Environment) -> list[tuple[str, str]]:
    return [(finding.grade, finding.says) for finding in gateways(env)]


def test_nothing_is_said_of_what_is_not_named(env: Environment) -> None:
    assert told(env) == []


def test_production_without_a_network_is_warned(env: Environment) -> None:
    said, *_ = told(replace(env, mode="production"))
    assert said == (
        "warn",
        "No network is connected (KEEPLINE_HLR_HOST): renewals that need one are refused.",
    )


@pytest.mark.osmo_hlr
def test_an_hlr_that_answers(env: Environment, hlr: HlrProcess) -> None:
    assert told(replace(env, hlr_host=HOST)) == [
        ("ok", "The network answers (osmo-hlr at 127.0.0.1).")
    ]


@pytest.mark.osmo_hlr
def test_each_door_that_is_shut_is_told(env: Environment, hlr: HlrProcess) -> None:
    with says(b"Password: ") as vty_port:
        half = replace(env, hlr_host=HOST, hlr_ctrl_port=CTRL_PORT, hlr_vty_port=vty_port)
        ((grade, sentence),) = told(half)
    assert grade == "fail"
    assert sentence.startswith("osmo-hlr's telnet interface gives no answer (127.0.0.1:")
    assert "asks for a password, and Keepline has none" in sentence
    hlr.kill()
    assert [grade for grade, _ in told(replace(env, hlr_host=HOST))] == ["fail", "fail"]


@pytest.fixture
def smdp(tmp_path: Path) -> Iterator[Es2PlusProcess]:
    with es2plus_process(tmp_path) as process:
        yield process


def with_smdp(env: Environment, smdp: Es2PlusProcess) -> Environment:
    tls = smdp.data_dir / "tls"
    return replace(
        env,
        smdp_url=smdp.url,
        smdp_cert=tls / "client.pem",
        smdp_key=tls / "client.key",
        smdp_ca=tls / "ca.pem",
        smdp_requester="keepline",
    )


def test_what_an_smdp_plus_says(env: Environment, smdp: Es2PlusProcess, tmp_path: Path) -> None:
    env = with_smdp(env, smdp)
    assert told(env) == [("ok", f"The SM-DP+ answers ({smdp.url}).")]
    smdp.behave(mode="refuse:1.1/2.1")
    ((grade, sentence),) = told(env)
    assert (grade, "KEEPLINE_SMDP_REQUESTER" in sentence) == ("fail", True)
    ((_, sentence),) = told(replace(env, smdp_ca=Path("/etc/ssl/certs/ca-certificates.crt")))
    assert "TLS fails" in sentence
    (tmp_path / "empty.pem").write_text("")
    ((_, sentence),) = told(replace(env, smdp_key=tmp_path / "empty.pem"))
    assert "KEEPLINE_SMDP_* is unusable" in sentence
    smdp.end()
    ((grade, sentence),) = told(env)
    assert (grade, "no sensible answer" in sentence) == ("fail", True)


def test_elements_of_single_carriers_each_by_itself(
    env: Environment, smdp: Es2PlusProcess, tmp_path: Path
) -> None:
    tls, file = smdp.data_dir / "tls", tmp_path / "elements.toml"

    def own(url: str, key: Path) -> str:
        return (
            f'url = "{url}"\ncert = "{tls}/client.pem"\nkey = "{key}"\nca = "{tls}/ca.pem"\n'
            'requester = "keepline"\n'
        )

    (tmp_path / "empty.pem").write_text("")
    file.write_text(
        '[ais.hlr]\nhost = "127.0.0.1"\nctrl_port = 1\nvty_port = 1\n'
        f"[ais.smdp]\n{own(smdp.url, tls / 'client.key')}"
        f"[dtac.smdp]\n{own(smdp.url, tmp_path / 'empty.pem')}"
        f"[true-th.smdp]\n{own('https://127.0.0.1:1', tls / 'client.key')}"
    )
    said = told(replace(env, carrier_elements=file))
    assert [grade for grade, _ in said] == ["fail", "fail", "ok", "fail", "fail"]
    ctrl, vty, good, unusable, silent = [sentence for _, sentence in said]
    assert ctrl.startswith("The network of ais: osmo-hlr's control interface gives no answer")
    assert vty.startswith("The network of ais: osmo-hlr's telnet interface gives no answer")
    assert good == "The SM-DP+ of ais answers."
    assert unusable.startswith("The SM-DP+ of dtac: its key or a certificate is unusable")
    assert silent.startswith("The SM-DP+ of true-th: no sensible answer")


@pytest.mark.osmo_hlr
def test_an_hlr_of_one_carrier_that_answers(
    env: Environment, hlr: HlrProcess, tmp_path: Path
) -> None:
    file = tmp_path / "elements.toml"
    file.write_text(f'[ais.hlr]\nhost = "{HOST}"\n')
    assert told(replace(env, carrier_elements=file)) == [("ok", "The network of ais answers.")]


def test_the_clearing_house(env: Environment, tmp_path: Path) -> None:
    with porting_process(tmp_path / "house") as house:
        named = replace(env, porting_url=house.url, porting_key=KEYS["keepline"])
        place = f"The clearing house behind {house.url}"
        assert told(named) == [("ok", f"{place} answers.")]
        assert told(replace(named, porting_key="x" * 32)) == [
            ("fail", f"{place}: no sensible answer (it does not take KEEPLINE_PORTING_KEY)")
        ]
    ((grade, sentence),) = told(named)
    assert (grade, "no sensible answer" in sentence) == ("fail", True)


def test_each_provider_is_asked_for_its_last_payments(
    env: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, mute = FakeProvider(), FakeProvider(silent=1)
    both: dict[str, Any] = {"stripe": lambda: good, "paypal": lambda: mute}
    monkeypatch.setattr(doctor_gateways, "providers_of", lambda _env: both)
    assert told(env) == [
        ("ok", "The payment provider stripe answers."),
        ("fail", "The payment provider paypal does not answer as it should: no answer"),
    ]


def test_the_settings_name_the_providers(env: Environment) -> None:
    assert list(providers_of(env)) == []
    named = replace(env, stripe_secret_key="sk_test_x", paypal_client_id="x")
    assert list(providers_of(named)) == ["stripe", "paypal"]


@pytest.mark.smsc
def test_an_smsc_is_asked(env: Environment, smsc: SmscProcess) -> None:
    assert told(replace(env, sms_url=smsc.url())) == [("ok", "The SMSC takes messages from us.")]
    ((grade, sentence),) = told(replace(env, sms_url=smsc.url(password="wrong")))
    assert grade == "fail"
    assert sentence.endswith("the password is wrong (ESME_RINVPASWD)")
    assert "wrong@" not in sentence


def test_an_sms_gateway_is_asked(env: Environment) -> None:
    with sms_gateway_process() as gateway:
        good = replace(env, sms_url=gateway.url, sms_secrets=(SECRET,))
        assert told(good) == [("ok", "The SMS gateway takes messages from us.")]
        ((grade, sentence),) = told(replace(good, sms_secrets=(OTHER_SECRET,)))
    assert grade == "fail"
    assert "HTTP 401" in sentence


def test_production_without_sms_or_countries_is_warned(env: Environment) -> None:
    production = replace(env, mode="production")
    assert "nobody can sign in by phone" in told(production)[-1][1]
    with sms_gateway_process() as gateway:
        everywhere = replace(production, sms_url=gateway.url, sms_secrets=(SECRET,))
        assert "KEEPLINE_SMS_COUNTRIES" in told(everywhere)[-1][1]
        assert told(replace(everywhere, sms_countries=("CN",)))[-1][0] == "ok"
