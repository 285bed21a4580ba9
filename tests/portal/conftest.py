"""Alice signed in, Charlie signed in, fakes at the ports."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from keepline.gateways import switchboard
from tests.doubles import FakeProvider, Mailbox, ScriptedNetwork

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture(autouse=True)
def ports() -> Iterator[FakeProvider]:
    """The fake provider; network and mail are fakes too."""
    provider = FakeProvider()
    switchboard.connect("payments:sandbox", lambda: provider)
    switchboard.connect("network", ScriptedNetwork)
    switchboard.connect("email", Mailbox)
    yield provider


@pytest.fixture
def stage(db: None) -> "Cast":
    # Imported late: pytest reads this file before Django is set up.
    from tests import cast

    return cast.assemble()


def signed_in(user: object) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)  # type: ignore[arg-type]
    return client


@pytest.fixture
def alice(stage: "Cast") -> Client:
    return signed_in(stage.alice)


@pytest.fixture
def charlie(stage: "Cast") -> Client:
    return signed_in(stage.charlie)
