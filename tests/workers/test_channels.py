"""Channels have threads and claims of their own: a slow one or one that is down delays no other."""

import time
from collections.abc import Iterator

import pytest
from django.utils import timezone

from keepline.flows.telling import ways
from keepline.gateways.messaging.port import ChannelDown
from keepline.messages import services as outbox
from keepline.messages.models import Delivery
from keepline.workers import channels
from tests.cast import Cast, assemble
from tests.flows.way import ScriptedWay
from tests.workers.watching import watched

pytestmark = pytest.mark.django_db(transaction=True)
WITHIN_S = 10


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ScriptedWay, ScriptedWay]]:
    """Two channels, and a thread that watches each."""
    pair = ScriptedWay("slow", recipient="endpoint:1"), ScriptedWay("fast", recipient="endpoint:2")
    monkeypatch.setattr(ways, "ALL", pair)
    monkeypatch.setattr(channels, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(channels, "FIRST_REST_S", 0.2)
    with watched(pair):
        yield pair
        for way in pair:
            way.open_door.set()


def told(count: int) -> None:
    casts = [assemble(suffix=f"{n}", code=f"plan-{n}") for n in range(count)]
    put(*casts)


def put(*casts: Cast) -> None:
    now = timezone.now()
    outbox.put_all([("line.blocked", cast.account.id, cast.line.id) for cast in casts], now)
    channels.address_events()


def until(count: int, way: ScriptedWay) -> None:
    ends_s = time.monotonic() + WITHIN_S
    while len(way.sent) < count:
        assert time.monotonic() < ends_s, f"{way.channel} sent {len(way.sent)} of {count}"
        time.sleep(0.01)


def test_a_slow_channel_delays_no_other(pair: tuple[ScriptedWay, ScriptedWay]) -> None:
    slow, fast = pair
    slow.open_door.clear()
    told(6)
    until(6, fast)
    assert slow.sent == []
    slow.open_door.set()
    until(6, slow)


def test_a_channel_that_is_down_rests_and_comes_back(
    pair: tuple[ScriptedWay, ScriptedWay],
) -> None:
    down, fast = pair
    down.answers = [ChannelDown("nobody there")] * 3
    told(3)
    until(3, fast)
    Delivery.objects.filter(channel="slow").update(due_at=timezone.now())
    until(3, down)
    assert set(Delivery.objects.values_list("attempts", flat=True)) <= {1, 2}
