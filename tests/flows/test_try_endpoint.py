"""try_endpoint: one event on request, and what came of it; nothing else changes."""

from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from keepline.flows.change_endpoint import change_endpoint
from keepline.flows.errors import FlowRefused
from keepline.flows.try_endpoint import try_endpoint
from keepline.messages.models import Delivery, Outbox
from tests.cast import Cast, assemble
from tests.flows.endpoints import OPERATOR, connect, owner_of, receiver
from tests.gateways.outer_world import hang

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    connect(total_s=0.5)
    return assemble()


def test_it_arrives_signed(cast: Cast) -> None:
    with receiver(owner_of(cast)) as program:
        tried = try_endpoint(owner_of(cast), program.id, datetime.now(UTC))
    headers, body = program.heard()[0]
    event = Webhook(program.secret).verify(body, headers)
    assert (tried.delivered, event["type"], event["id"]) == (
        True,
        "endpoint.tried",
        str(tried.event_id),
    )
    assert (Outbox.objects.count(), Delivery.objects.count()) == (0, 0)


ANSWERS = {
    "500": b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
    "410": b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n",
    "302": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize(("answer", "sent"), ANSWERS.items())
def test_what_it_answers_is_told_and_counts_not(cast: Cast, answer: str, sent: bytes) -> None:
    with receiver(owner_of(cast), sent) as program:
        tried = try_endpoint(owner_of(cast), program.id, datetime.now(UTC))
    assert (tried.delivered, tried.answer) == (False, answer)
    endpoint = owner_of(cast).endpoint(program.id)
    assert (endpoint.is_on, endpoint.failing_since) == (True, None)


def test_one_that_hangs_is_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepline.flows.try_endpoint.PATIENCE_S", 0.3)
    with receiver(owner_of(cast), hang) as program:
        tried = try_endpoint(owner_of(cast), program.id, datetime.now(UTC))
    assert tried.answer == "late"


def test_one_that_is_off_may_be_tried_and_a_strangers_may_not(cast: Cast) -> None:
    now = datetime.now(UTC)
    with receiver(owner_of(cast)) as program:
        change_endpoint(owner_of(cast), program.id, now, on=False)
        assert try_endpoint(owner_of(cast), program.id, now).delivered
        with pytest.raises(FlowRefused, match="not_found"):
            try_endpoint(OPERATOR, program.id, now)
    assert len(program.requests) == 1
