"""show_endpoint: what was sent with its results, in pages, in two queries."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.flows import show_endpoint as module
from keepline.flows.errors import FlowRefused
from keepline.flows.show_endpoint import show_endpoint
from keepline.messages import services as outbox
from keepline.messages.models import Delivery
from tests.cast import NOW, Cast, assemble
from tests.flows.endpoints import OPERATOR, connect, owner_of, receiver
from tests.telling import tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    connect()
    return assemble()


def happened(cast: Cast, count: int = 1) -> None:
    outbox.put_all([("line.blocked", cast.account.id, cast.line.id)] * count, NOW)
    for _ in range(count):
        tell(NOW)


def test_a_result_for_each_event(cast: Cast) -> None:
    failing = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    with receiver(owner_of(cast), failing) as program:
        happened(cast)
    (event,) = show_endpoint(owner_of(cast), program.id).events
    assert (event.kind, event.line_id, event.state) == ("line.blocked", cast.line.id, "waiting")
    assert (event.tries, event.answer) == (1, "503")
    assert event.next_try_at is not None
    assert timedelta(seconds=5) <= event.next_try_at - NOW <= timedelta(seconds=6)
    states = {"sent": "delivered", "refused": "refused", "laid_aside": "gave_up"}
    for outcome, state in {**states, "overtaken": "not_sent", "no_address": "not_sent"}.items():
        Delivery.objects.filter(channel="webhook").update(outcome=outcome, due_at=None)
        assert show_endpoint(owner_of(cast), program.id).events[0].state == state


def test_in_pages_with_two_queries(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    with receiver(owner_of(cast)) as program, receiver(OPERATOR) as operators:
        happened(cast, 3)
    with django_assert_num_queries(2):
        first = show_endpoint(owner_of(cast), program.id)
    second = show_endpoint(owner_of(cast), program.id, first.next_before)
    assert (len(first.events), len(second.events), second.next_before) == (2, 1, None)
    ids = [event.id for event in (*first.events, *second.events)]
    assert ids == sorted(ids, reverse=True)
    assert len(show_endpoint(OPERATOR, operators.id).events) == 2


def test_a_strangers_is_not_there(cast: Cast) -> None:
    with receiver(owner_of(cast)) as program, pytest.raises(FlowRefused, match="not_found"):
        show_endpoint(OPERATOR, program.id)
