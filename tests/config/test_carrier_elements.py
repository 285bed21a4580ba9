"""KEEPLINE_CARRIER_ELEMENTS: what the file may hold, and what is said of one that may not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keepline.config import carrier_elements, wiring
from keepline.config.errors import SettingsError
from keepline.config.outside import own_networks_of, own_smdps_of
from keepline.gateways import switchboard
from keepline.gateways.esim.es2plus.fake.certificates import keep_certificates
from keepline.gateways.network.by_carrier import NetworkByCarrier
from tests.config.test_environment import read

LONG = "SECRET" * 6
# Files that are there, whatever is in them.
SMDP = (
    f'[ais.smdp]\nurl = "https://h"\ncert = "{__file__}"\nkey = "{__file__}"\nca = "{__file__}"\n'
    'requester = "1.3.6"\n'
)
HLR = '[ais.hlr]\nhost = "hlr.example.com"\n'


def smdp(folder: Path) -> str:
    keep_certificates(folder)
    return (
        f'[true-th.smdp]\nurl = "https://smdp.example.com"\ncert = "{folder}/client.pem"\n'
        f'key = "{folder}/client.key"\nca = "{folder}/ca.pem"\nrequester = "1.3.6.1.4.1.5"\n'
        'points = "8:delete"\n'
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "elements.toml"


def test_what_is_said_is_taken(file: Path, tmp_path: Path) -> None:
    file.write_text(HLR + "ctrl_port = 5259\n" + smdp(tmp_path))
    found = carrier_elements.read(file)
    assert set(found) == {"ais", "true-th"}
    assert found["ais"].hlr == {
        "host": "hlr.example.com",
        "ctrl_port": 5259,
        "vty_port": 4258,
        "when_closed": "keep",
    }
    assert found["ais"].smdp == {}
    assert found["true-th"].smdp["points"] == ((8, "delete"),)


def test_who_may_call(file: Path, tmp_path: Path) -> None:
    file.write_text(HLR + SMDP.replace("[ais.", "[dtac.") + smdp(tmp_path))
    assert carrier_elements.callers(file) == {}
    own = f'callback_subject = "CN=smdp"\ncallback_secret = "{LONG}"\n'
    file.write_text(HLR + SMDP.replace("[ais.", "[dtac.") + smdp(tmp_path) + own)
    assert carrier_elements.callers(file) == {"true-th": ("CN=smdp", LONG)}
    assert LONG not in repr(carrier_elements.read(file))
    assert carrier_elements.callers("") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no carrier"),
        ("[ais", "is no TOML"),
        ("[ais]\n", "ais has a table hlr, or smdp"),
        ('ais = "hlr"\n', "ais has a table hlr, or smdp"),
        ('[ais.msc]\nhost = "h"\n', "ais has a table hlr, or smdp"),
        ("[ais.hlr]\nvty_port = 1\n", "ais.hlr.host is missing"),
        ('[ais.hlr]\nhost = " "\n', "ais.hlr.host is missing"),
        ('[ais.hlr]\nhost = "h"\nctrl_port = 0\n', "ais.hlr.ctrl_port must be a port"),
        ('[ais.hlr]\nhost = "h"\npassword = "SECRET"\n', "ais.hlr has host, ctrl_port"),
        ('[ais.hlr]\nhost = "h"\nwhen_closed = "burn"\n', "ais.hlr.when_closed must be one of"),
        (SMDP + 'callback_secret = "short"\n', "callback_secret must"),
        (SMDP + f'callback_secret = "{LONG}"\n', "callback_subject and callback_secret, or"),
        (SMDP + 'callback_subject = "CN=smdp"\n', "callback_subject and callback_secret, or"),
        ('[ais.smdp]\nurl = "http://h"\n', "ais.smdp.url must begin with https"),
        ('[ais.smdp]\nurl = "https://h"\ncert = "/no/such"\n', "ais.smdp.cert names a file"),
    ],
)
def test_what_cannot_be_is_named(text: str, says: str, file: Path, tmp_path: Path) -> None:
    file.write_text(text)
    with pytest.raises(ValueError, match=says) as wrong:
        carrier_elements.read(file)
    assert "SECRET" not in str(wrong.value)
    with pytest.raises(SettingsError, match="KEEPLINE_CARRIER_ELEMENTS"):
        read(tmp_path, KEEPLINE_CARRIER_ELEMENTS=str(file))


def test_they_are_connected_beside_the_usual_ones(
    settings: Any, file: Path, tmp_path: Path
) -> None:
    file.write_text(HLR + smdp(tmp_path))
    before = dict(switchboard._factories)
    try:
        settings.ENV = replace(settings.ENV, carrier_elements=file)
        switchboard._factories.clear()
        wiring.connect()
        network = switchboard.network()
        assert isinstance(network, NetworkByCarrier)
        assert switchboard.element_of("network", "ais") == "network:ais"
        assert switchboard.element_of("network", "true-th") == "network:"
        assert switchboard.smdp_plus("true-th").name == "es2plus"
        assert not switchboard.has_smdp_plus("ais")
        assert not switchboard.has_smdp_plus()
        assert list(own_networks_of(settings.ENV)) == ["ais"]
        assert list(own_smdps_of(settings.ENV)) == ["true-th"]
    finally:
        switchboard._factories.clear()
        for port, factory in before.items():
            switchboard.connect(port, factory)
