"""replay_events: once more with the same ids, only what is meant, and only to one's own."""

from datetime import timedelta

import pytest

from keepline.audit.models import AuditEvent
from keepline.flows.change_endpoint import change_endpoint
from keepline.flows.errors import FlowRefused
from keepline.flows.replay_events import replay_events
from keepline.messages import services as outbox
from keepline.messages.models import Delivery
from tests.cast import NOW, Cast, assemble
from tests.flows.endpoints import OPERATOR, connect, owner_of, receiver
from tests.telling import tell

pytestmark = pytest.mark.django_db
GONE = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
DAY = timedelta(days=1)


@pytest.fixture
def cast() -> Cast:
    connect()
    return assemble()


def happened(cast: Cast, count: int) -> None:
    for number in range(count):
        outbox.put_all([("line.blocked", cast.account.id, cast.line.id)], NOW)
        tell(NOW + timedelta(seconds=number))


def lay_aside() -> None:
    Delivery.objects.filter(channel="webhook").update(outcome="laid_aside", due_at=None)


def test_what_did_not_arrive_comes_with_the_ids_that_it_had(cast: Cast) -> None:
    with receiver(owner_of(cast)) as program:
        happened(cast, 3)
        assert replay_events(owner_of(cast), program.id, NOW - DAY, NOW + DAY, NOW) == 0
        before = [event["id"] for event in program.events()]
        lay_aside()
        assert replay_events(owner_of(cast), program.id, NOW - DAY, NOW + DAY, NOW) == 3
        tell(NOW + DAY)
    assert [event["id"] for event in program.events()] == before * 2
    assert AuditEvent.objects.get(action="endpoint.replayed").facts == {"events": 3}


def test_what_arrived_as_well_when_asked(cast: Cast) -> None:
    with receiver(owner_of(cast)) as program:
        happened(cast, 2)
        ends = (NOW - DAY, NOW + DAY, NOW)
        assert replay_events(owner_of(cast), program.id, *ends, delivered=True) == 2
        one = Delivery.objects.filter(channel="webhook").latest("id")
        tell(NOW + DAY)
        only = replay_events(owner_of(cast), program.id, *ends, delivered=True, only=[one.id])
        assert only == 1


def test_only_of_the_span_and_only_ones_own(cast: Cast) -> None:
    with receiver(owner_of(cast)) as program, receiver(OPERATOR) as operators:
        happened(cast, 2)
        lay_aside()
        mine = owner_of(cast)
        assert replay_events(mine, program.id, NOW + DAY, NOW + 2 * DAY, NOW) == 0
        assert replay_events(mine, program.id, NOW - DAY, NOW, NOW) == 0
        assert replay_events(mine, program.id, NOW, NOW + DAY, NOW) == 2
        waiting = Delivery.objects.filter(channel="webhook", due_at__isnull=False)
        assert {row.recipient for row in waiting} == {f"endpoint:{program.id}"}
        assert replay_events(OPERATOR, operators.id, NOW, NOW + DAY, NOW) == 2
        with pytest.raises(FlowRefused, match="not_found"):
            replay_events(OPERATOR, program.id, NOW, NOW + DAY, NOW)


def test_what_is_refused(cast: Cast) -> None:
    with receiver(owner_of(cast)) as program:
        with pytest.raises(FlowRefused, match="span_refused"):
            replay_events(owner_of(cast), program.id, NOW, NOW, NOW)
        change_endpoint(owner_of(cast), program.id, NOW, on=False)
        with pytest.raises(FlowRefused, match="endpoint_off"):
            replay_events(owner_of(cast), program.id, NOW - DAY, NOW + DAY, NOW)
