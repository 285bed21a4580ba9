"""Fakes at the ports for every test of a flow."""

from collections.abc import Iterator

import pytest

from keepline.gateways import switchboard
from tests.doubles import FakeProvider, Mailbox, ScriptedNetwork


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    fake = FakeProvider()
    switchboard.connect("payments:sandbox", lambda: fake)
    yield fake


@pytest.fixture
def network() -> Iterator[ScriptedNetwork]:
    fake = ScriptedNetwork()
    switchboard.connect("network", lambda: fake)
    yield fake


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    fake = Mailbox()
    switchboard.connect("email", lambda: fake)
    yield fake


@pytest.fixture(autouse=True)
def all_ports(provider: FakeProvider, network: ScriptedNetwork, mailbox: Mailbox) -> None:
    """No flow's test reaches beyond the process."""
