"""Alice signed in, Charlie signed in, fakes at the ports, and a clock that stands still."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.test import Client

from keepline.gateways import switchboard
from tests.doubles import FakeProvider, Mailbox, ScriptedNetwork

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture(autouse=True)
def provider() -> FakeProvider:
    """The fake provider; network and mail are fakes too."""
    fake = FakeProvider()
    switchboard.connect("payments:sandbox", lambda: fake)
    switchboard.connect("network", ScriptedNetwork)
    switchboard.connect("email", Mailbox)
    return fake


@pytest.fixture
def stage(db: None) -> "Iterator[Cast]":
    # Imported late: pytest reads this file before Django is set up.
    from django.core.cache import cache

    from tests.cast import NOW, assemble

    cache.clear()  # the counters of limits; tests with real commits leave some
    with time_machine.travel(NOW, tick=False):
        yield assemble(data_bytes=5_000_000_000, voice_seconds=600, sms_count=None)


@pytest.fixture
def alice(stage: "Cast") -> Client:
    from tests.sessions import signed_in

    return signed_in("alice@example.com")


@pytest.fixture
def charlie(stage: "Cast") -> Client:
    from tests.sessions import signed_in

    return signed_in("charlie@example.com")
