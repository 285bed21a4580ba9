"""In a worker: an endpoint that hangs delays no other endpoint and no other channel."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from django.utils import timezone

from keepline.flows.telling import ways
from keepline.flows.telling.by_webhook import ByWebhook
from keepline.gateways.messaging.compartments import AT_ONCE
from keepline.messages import services as outbox
from keepline.messages.models import Delivery
from keepline.workers import channels
from tests.cast import Cast, assemble, line
from tests.flows.endpoints import OPERATOR, connect, owner_of, receiver
from tests.flows.way import ScriptedWay
from tests.workers.watching import watched

pytestmark = pytest.mark.django_db(transaction=True)
WITHIN_S = 20
HANGS_S = 12.0


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedWay]:
    """Another channel beside webhooks, and a thread that watches each."""
    mail = ScriptedWay("email", recipient="endpoint:9")
    pair = (mail, ByWebhook())
    monkeypatch.setattr(ways, "ALL", pair)
    monkeypatch.setattr(channels, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(channels, "PATIENCE_S", 0.1)
    with watched(pair):
        yield mail


def happens(cast: Cast, count: int) -> None:
    """To so many lines at once."""
    made = [line(cast.account, cast.plan) for _ in range(count)]
    events = [("line.blocked", cast.account.id, each.id) for each in made]
    outbox.put_all(events, timezone.now())
    channels.address_events()


def until(reached: Sequence[object], count: int, within_s: float) -> None:
    began_s = time.monotonic()
    while len(reached) < count:
        assert time.monotonic() - began_s < within_s, f"{len(reached)} of {count}"
        time.sleep(0.01)


def test_one_that_hangs_delays_nobody(mail: ScriptedWay) -> None:
    connect(total_s=HANGS_S)
    cast = assemble()
    over = threading.Event()

    def hang(_connection: socket.socket) -> None:
        over.wait(HANGS_S)

    with receiver(owner_of(cast), hang) as hangs, receiver(OPERATOR) as good:
        happens(cast, 6)
        until(good.requests, 6, HANGS_S)
        until(mail.sent, 6, HANGS_S)
        # What happens while its calls hang goes out as quickly.
        happens(cast, 3)
        until(good.requests, 9, HANGS_S)
        assert len(hangs.requests) <= AT_ONCE, "it held more than its compartment"
        settled = Delivery.objects.filter(recipient=f"endpoint:{good.id}", outcome="sent")
        deadline_s = time.monotonic() + WITHIN_S
        while settled.count() < 9:
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        over.set()
