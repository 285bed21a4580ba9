"""What production connects, and what it does not."""

from collections.abc import Iterator
from typing import Any

import pytest

from keepline.config import wiring
from keepline.gateways import switchboard


@pytest.fixture(autouse=True)
def empty_switchboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(switchboard, "_factories", {})
    monkeypatch.setattr(switchboard, "_addresses", {})
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
