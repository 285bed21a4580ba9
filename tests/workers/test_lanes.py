"""Carriers' own elements: while one hangs, orders of the others are told, also those that come."""

import time
from collections.abc import Iterator, Sequence
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from keepline.flows import renew_line
from keepline.flows.advance_order import bundles
from keepline.gateways.network.fake import FakeNetwork
from keepline.gateways.network.port import NetworkUnknown
from keepline.orders.models import Order
from keepline.workers import due, hands
from tests.cast import NOW, Cast
from tests.flows.acts import request
from tests.flows.test_elements import elements, pair, stage

__all__ = ["elements", "pair", "stage"]
pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 60.0  # of the test, on whatever machine


class Hanging:
    """A call that begins, and ends without an answer when it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = Event(), Event()

    def __call__(self, operations: Sequence[Any]) -> list[NetworkUnknown]:
        self.begun.set()
        assert self.let_go.wait(PATIENCE_S)
        return [NetworkUnknown("it hung") for _ in operations]


@pytest.fixture
def hanging(elements: dict[str, FakeNetwork], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    """So hangs the element of the first line's carrier."""
    found = Hanging()
    monkeypatch.setattr(elements["ais"], "apply_many", found)
    yield found
    found.let_go.set()
    for lane, threads in (
        ("", hands.THREADS),
        (" ais", due.OWN_THREADS),
        (" true-th", due.OWN_THREADS),
    ):
        hands.pool(f"orders{lane}", threads).shutdown()  # none of their connections outlives it
    hands.pool.cache_clear()


def renewal(stage: Cast, line_id: object, key: str) -> UUID:
    found: UUID = renew_line.start(request(stage, line_id=line_id, key=key), NOW).order_id
    return found


def state(order_id: UUID) -> str:
    found: str = Order.objects.by_id(order_id).state
    return found


def becomes(order_id: UUID, wanted: str) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while state(order_id) != wanted:
        assert time.monotonic() < until_s, state(order_id)
        time.sleep(0.02)


def work() -> None:
    due.advance_orders(lambda: NOW)
    connection.close()


def test_others_go_on(stage: Cast, pair: tuple[object, object], hanging: Hanging) -> None:
    down = renewal(stage, pair[0], "key-0001")
    up = renewal(stage, pair[1], "key-0002")
    worker = Thread(target=work)
    worker.start()
    try:
        assert hanging.begun.wait(PATIENCE_S)
        becomes(up, "completed")
        becomes(renewal(stage, pair[1], "key-0003"), "completed")
        assert state(down) == "in_progress"
    finally:
        hanging.let_go.set()
        worker.join(PATIENCE_S)
    assert state(down) == "held"
    assert not worker.is_alive(), "it waits for all that it has begun, and for nothing else"


def test_each_element_has_bundles_of_its_own(stage: Cast, pair: tuple[object, object]) -> None:
    ids = [renewal(stage, line_id, f"key-000{n}") for n, line_id in enumerate(pair)]
    assert sorted(bundles(ids, NOW)) == [("ais", [ids[0]]), ("true-th", [ids[1]])]
