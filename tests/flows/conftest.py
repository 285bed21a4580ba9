"""Fakes at the ports for every test of a flow."""


import pytest

from keepline.gateways import switchboard
from tests.doubles import FakeProvider, Mailbox, ScriptedNetwork


@pytest.fixture
def provider() -> FakeProvider:
    fake = FakeProvider()
    switchboard.connect("payments:sandbox", lambda: fake)
    return fake


@pytest.fixture
def network() -> ScriptedNetwork:
    fake = ScriptedNetwork()
    switchboard.connect("network", lambda: fake)
    return fake


@pytest.fixture
def mailbox() -> Mailbox:
    fake = Mailbox()
    switchboard.connect("email", lambda: fake)
    return fake


@pytest.fixture(autouse=True)
def all_ports(provider: FakeProvider, network: ScriptedNetwork, mailbox: Mailbox) -> None:
    """No flow's test reaches beyond the process."""
