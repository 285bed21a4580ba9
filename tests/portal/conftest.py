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


def signed_in(email: str) -> Client:
    """Through the forms, password typed again: allauth's guarded pages open too."""
    from tests.cast import PASSWORD

    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    answer = client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    again = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert again.status_code == 302, again.content
    return client


@pytest.fixture
def alice(stage: "Cast") -> Client:
    return signed_in("alice@example.com")


@pytest.fixture
def charlie(stage: "Cast") -> Client:
    return signed_in("charlie@example.com")
