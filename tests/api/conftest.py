"""A caller with a token of Alice's, fakes at the ports, and a clock that stands at NOW."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import time_machine

from keepline.gateways import switchboard
from tests.doubles import FakeProvider, Mailbox, ScriptedNetwork

if TYPE_CHECKING:  # models cannot be imported before Django is set up
    from tests.api.callers import Caller
    from tests.cast import Cast


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


@pytest.fixture(autouse=True)
def all_ports(provider: FakeProvider, network: ScriptedNetwork) -> None:
    """No test of the API reaches beyond the process."""
    switchboard.connect("email", Mailbox)


@pytest.fixture(autouse=True)
def clock() -> Iterator["time_machine.Traveller"]:
    """tests.cast.NOW."""
    with time_machine.travel(datetime(2026, 3, 10, 12, tzinfo=UTC), tick=False) as moved:
        yield moved


@pytest.fixture
def stage(db: None) -> "Cast":
    from django.core.cache import cache

    from tests.cast import assemble

    cache.clear()  # the counters of limits; tests with real commits leave some
    return assemble()


@pytest.fixture
def alice(stage: "Cast") -> "Caller":
    from tests.api.callers import caller_for

    return caller_for(stage.alice, stage.account)


@pytest.fixture
def bob(stage: "Cast") -> "Caller":
    """A member who may look, not spend."""
    from tests.api.callers import caller_for

    return caller_for(stage.bob, stage.account)


@pytest.fixture
def charlie(stage: "Cast") -> "Caller":
    """A stranger with an account of his own."""
    from tests.api.callers import caller_for

    return caller_for(stage.charlie, stage.other_account)
