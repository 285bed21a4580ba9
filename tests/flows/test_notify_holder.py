"""notify_holder: told at least once, truthfully, or laid aside where staff can see it."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.catalog.queries import policy_values
from keepline.core.retries import MESSAGE_PAUSES
from keepline.flows import notify_holder, renew_line
from keepline.flows.notify_holder import notify
from keepline.flows.telling import news
from keepline.flows.telling.news import News, Rows
from keepline.gateways import switchboard
from keepline.gateways.messaging.port import (
    ChannelRefused,
    ChannelUnavailable,
    EmailMessage,
    SendResult,
)
from keepline.lines.models import Validity
from keepline.messages import services as outbox
from keepline.messages.models import Outbox
from keepline.workers import due
from tests.cast import NOW, Cast, assemble
from tests.doubles import Mailbox
from tests.flows.acts import request

pytestmark = pytest.mark.django_db


class Refusing:
    name = "refusing"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def send(self, message: EmailMessage) -> SendResult:
        raise self.error


def renewed() -> UUID:
    cast = assemble()
    renew_line.start(request(cast), NOW)
    claimed = outbox.claim_due(NOW, 10, timedelta(minutes=2))
    assert len(claimed) == 1
    return claimed[0]


def outcomes(*event_ids: UUID) -> list[str]:
    return [attempt.outcome for attempt in notify(event_ids, NOW)]


def test_the_owner_is_told(mailbox: Mailbox) -> None:
    event_id = renewed()
    assert outcomes(event_id) == ["sent"]
    letter = mailbox.sent[0]
    assert (letter.to, letter.language) == ("alice@example.com", "en")
    assert "20 April 2026" in letter.text
    assert Outbox.objects.by_id(event_id).due_at is None
    assert outcomes(event_id) == []  # at rest: nothing goes out again
    assert len(mailbox.sent) == 1


def test_a_channel_that_is_away_is_tried_later() -> None:
    event_id = renewed()
    switchboard.connect("email", lambda: Refusing(ChannelUnavailable("busy")))
    assert outcomes(event_id) == [""]
    assert Outbox.objects.by_id(event_id).due_at == NOW + MESSAGE_PAUSES[0]


def test_a_refusal_is_laid_aside_with_its_reason() -> None:
    event_id = renewed()
    switchboard.connect("email", lambda: Refusing(ChannelRefused("550", "no such user")))
    assert outcomes(event_id) == ["laid_aside"]
    assert "550" in Outbox.objects.by_id(event_id).reason


def warned(*casts: Cast) -> list[UUID]:
    """Events that tell each of them that the line has run out; claimed."""
    outbox.put_all([("line.expired", cast.account.id, cast.line.id) for cast in casts], NOW)
    return list(outbox.claim_due(NOW, 100, timedelta(minutes=2)))


def test_many_are_told_with_the_queries_of_one(
    mailbox: Mailbox, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    casts = [assemble(suffix=str(n), code=f"plan-{n}") for n in range(12)]
    event_ids = warned(*casts)
    with django_assert_max_num_queries(8):  # events, people, lines, policies; a transaction of two
        assert outcomes(*event_ids) == ["sent"] * 12
    assert {letter.to for letter in mailbox.sent} == {f"alice{n}@example.com" for n in range(12)}
    assert set(Outbox.objects.values_list("due_at", "outcome")) == {(None, "sent")}
    assert set(Validity.objects.values_list("warned_at", flat=True)) == {NOW}


def test_a_letter_that_cannot_be_written_stops_no_other(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = assemble(), assemble(suffix="2", code="plan-2")
    event_ids = warned(good, bad)
    policy_values(good.plan.policy_id)  # remembered: other threads see nothing of this transaction

    def news_of(event: Outbox, rows: Rows, now: datetime) -> News:
        if event.account_id == bad.account.id:
            raise KeyError(event.line_id)
        return news.news_of(event, rows, now)

    monkeypatch.setattr(notify_holder, "news_of", news_of)
    attempts = notify(event_ids, NOW, partial(due._side_by_side, "letters"))
    assert [attempt.outcome for attempt in attempts] == ["sent"]
    assert [letter.to for letter in mailbox.sent] == ["alice@example.com"]
    waiting = Outbox.objects.get(account_id=bad.account.id)
    assert (waiting.due_at, waiting.outcome) == (NOW + timedelta(minutes=2), "")


def test_what_another_sent_meanwhile_stays_sent() -> None:
    """The lease of the slower one had ended."""
    [event_id] = warned(assemble())
    outbox.settle([outbox.Attempt(event_id, "sent")])
    outbox.settle([outbox.Attempt(event_id, "", "busy", NOW)])
    assert Outbox.objects.values_list("due_at", "outcome").get() == (None, "sent")
