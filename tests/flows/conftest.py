"""Fakes at the ports for every test of a flow, and an audit after each."""

from collections.abc import Iterator

import pytest

from keepline.gateways import switchboard
from tests.books import books_are_right
from tests.doubles import FakeProvider, Mailbox, ScriptedNetwork, ScriptedSmdp
from tests.identity import checker
from tests.limits import hardly_any
from tests.porting import house

__all__ = ["books_are_right", "checker", "house"]


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def network() -> ScriptedNetwork:
    return ScriptedNetwork()


@pytest.fixture
def smdp() -> Iterator[ScriptedSmdp]:
    """An SM-DP+ is connected; for other tests there is none."""
    found = ScriptedSmdp()
    switchboard.connect("smdp_plus", lambda: found)
    yield found
    switchboard._factories.pop("smdp_plus", None)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(autouse=True)
def all_ports(provider: FakeProvider, network: ScriptedNetwork, mailbox: Mailbox) -> Iterator[None]:
    """No flow's test reaches beyond the process; what was connected before is so again."""
    before = dict(switchboard._factories)
    switchboard.connect("payments:sandbox", lambda: provider)
    switchboard.connect("network", lambda: network)
    switchboard.connect("email", lambda: mailbox)
    yield
    for port, factory in before.items():
        switchboard.connect(port, factory)


@pytest.fixture
def hardly_any_limits() -> Iterator[None]:
    """For tests that pay more often in an hour than a holder ever would."""
    with hardly_any():
        yield
