"""deliver_message: told at least once, truthfully and in order, or laid aside for staff to see."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from keepline.catalog.queries import policy_values
from keepline.core.lifecycle.line import LineEvent
from keepline.core.retries import MESSAGE_PAUSES
from keepline.core.telling import GATHERING
from keepline.flows import deliver_message, renew_line
from keepline.flows.address_event import address
from keepline.flows.deliver_message import Done, deliver
from keepline.flows.telling import news, ways
from keepline.flows.telling.news import News, Rows
from keepline.gateways import switchboard
from keepline.gateways.messaging.port import (
    ChannelDown,
    ChannelRefused,
    ChannelUnavailable,
    EmailMessage,
    SendResult,
    Sent,
    one_by_one,
)
from keepline.lines import services as lines
from keepline.lines.models import Validity
from keepline.messages import deliveries
from keepline.messages import services as outbox
from keepline.messages.deliveries import Attempt, Claimed
from keepline.messages.models import Delivery, Outbox
from keepline.workers.hands import side_by_side
from tests import cast as stage
from tests.cast import NOW, Cast, assemble
from tests.doubles import Mailbox
from tests.flows.acts import move_line, request

pytestmark = pytest.mark.django_db
LEASE = timedelta(minutes=5)
LATER = NOW + GATHERING


@dataclass
class Script:
    """An e-mail channel that answers as it is told, then takes everything."""

    answers: list[Exception] = field(default_factory=list)
    name: str = "script"
    sent: list[EmailMessage] = field(default_factory=list)

    def send(self, message: EmailMessage) -> SendResult:
        if self.answers:
            raise self.answers.pop(0)
        self.sent.append(message)
        return SendResult(str(message.message_id))

    def send_all(self, messages: list[EmailMessage]) -> list[Sent]:
        return one_by_one(self.send, messages)


def scripted(*answers: Exception) -> Script:
    found = Script(list(answers))
    switchboard.connect("email", lambda: found)
    return found


def claimed(now: datetime = NOW) -> list[Claimed]:
    address(now, 500)
    return deliveries.claim_due("email", now, 500, LEASE)


def sent(now: datetime = NOW) -> Done:
    """Addresses and sends what is due by e-mail, once."""
    return deliver(ways.way("email"), claimed(now), now)


def outcomes(now: datetime = NOW) -> list[str]:
    return [attempt.outcome for attempt in sent(now).attempts]


def renewed(cast: Cast | None = None, **changes: str) -> Cast:
    cast = cast or assemble()
    renew_line.start(request(cast, **changes), NOW)
    return cast


def warned(*casts: Cast, kind: str = "line.expired") -> None:
    """Events that tell each of them that the line has run out."""
    for cast in casts:
        move_line(cast, LineEvent.EXPIRE)
    outbox.put_all([(kind, cast.account.id, cast.line.id) for cast in casts], NOW)


def test_the_owner_is_told(mailbox: Mailbox) -> None:
    renewed()
    assert outcomes() == ["sent"]
    letter = mailbox.sent[0]
    assert (letter.to, letter.language) == ("alice@example.com", "en")
    assert "20 April 2026" in letter.text
    row = Delivery.objects.get()
    assert (row.due_at, row.outcome, row.sent_at) == (None, "sent", NOW)
    assert row.reference == str(row.id)
    assert outcomes(NOW + timedelta(days=1)) == []  # at rest: nothing goes out again
    assert len(mailbox.sent) == 1


def test_a_channel_that_cannot_now_is_tried_later() -> None:
    script = scripted(ChannelUnavailable("451 busy"), ChannelUnavailable("451 busy"))
    renewed()
    assert outcomes() == [""]
    assert Delivery.objects.get().due_at == NOW + MESSAGE_PAUSES[0]
    again = NOW + MESSAGE_PAUSES[0]
    assert outcomes(again) == [""]
    assert Delivery.objects.get().due_at == again + MESSAGE_PAUSES[1]
    assert outcomes(again + MESSAGE_PAUSES[1]) == ["sent"]
    assert len(script.sent) == 1


def test_after_the_last_pause_it_is_laid_aside() -> None:
    scripted(*[ChannelUnavailable("451 busy")] * (len(MESSAGE_PAUSES) + 1))
    renewed()
    now = NOW
    for pause in MESSAGE_PAUSES:
        assert outcomes(now) == [""]
        now += pause
    assert outcomes(now) == ["laid_aside"]
    row = Delivery.objects.get()
    assert (row.due_at, row.reason) == (None, "451 busy")


def test_a_refusal_keeps_its_reason_without_the_address() -> None:
    scripted(ChannelRefused("550", "<alice@example.com> +49 170 1234567: no such user"))
    renewed()
    assert outcomes() == ["refused"]
    assert Delivery.objects.get().reason == "550: … …: no such user"


def test_a_way_that_is_down_costs_no_try() -> None:
    scripted(*[ChannelDown("nobody there")] * 50)
    renewed()
    now = NOW
    for _ in range(20):
        done = sent(now)
        assert (done.down, done.attempts[0].outcome) == (True, "")
        now = done.attempts[0].again_at or now
    assert Delivery.objects.get().attempts == 1
    assert outcomes(NOW + timedelta(days=3, seconds=1)) == ["laid_aside"]


def test_many_are_told_with_the_queries_of_one(
    mailbox: Mailbox, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    casts = [assemble(suffix=str(n), code=f"plan-{n}") for n in range(12)]
    warned(*casts)
    with django_assert_max_num_queries(14):  # lock, events, each way's people, choices, letters
        address(NOW, 500)
    rows = deliveries.claim_due("email", LATER, 500, LEASE)
    assert len(rows) == 12
    with django_assert_max_num_queries(11):  # events, people, choices, lines, policies; a write
        done = deliver(ways.way("email"), rows, LATER)
    assert {attempt.outcome for attempt in done.attempts} == {"sent"}
    assert {letter.to for letter in mailbox.sent} == {f"alice{n}@example.com" for n in range(12)}
    assert set(Validity.objects.values_list("warned_at", flat=True)) == {LATER}


def test_a_letter_that_cannot_be_written_stops_no_other(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = assemble(), assemble(suffix="2", code="plan-2")
    warned(good, bad)
    policy_values(good.plan.policy_id)

    def news_of(event: Outbox, rows: Rows, now: datetime) -> News:
        if event.account_id == bad.account.id:
            raise KeyError(event.line_id)
        return news.news_of(event, rows, now)

    monkeypatch.setattr(deliver_message, "news_of", news_of)
    address(NOW, 500)
    assert sorted(outcomes(LATER)) == ["", "sent"]
    assert [letter.to for letter in mailbox.sent] == ["alice@example.com"]
    waiting = Delivery.objects.get(account_id=bad.account.id)
    assert (waiting.due_at, waiting.outcome) == (LATER + MESSAGE_PAUSES[0], "")
    assert waiting.reason == "could not be written: KeyError"


def test_what_another_sent_meanwhile_stays_sent() -> None:
    """The lease of the slower one had ended."""
    renewed()
    [one] = claimed()
    deliveries.settle([Attempt(one.id, "sent", 1, 1)], NOW)
    deliveries.settle([Attempt(one.id, "", 1, 1, "busy", again_at=NOW)], NOW)
    assert Delivery.objects.values_list("due_at", "outcome").get() == (None, "sent")


def test_who_took_too_long_does_not_put_off_what_another_has_in_hand() -> None:
    renewed()
    [slow] = claimed()
    after = NOW + LEASE
    [_] = deliveries.claim_due("email", after, 10, LEASE)
    deliveries.settle([Attempt(slow.id, "", 1, 1, "busy", again_at=NOW)], after)
    assert Delivery.objects.get().due_at == after + LEASE


def test_what_no_time_is_left_for_is_given_back(mailbox: Mailbox) -> None:
    renewed()
    deliver(ways.way("email"), claimed(), NOW, in_time=lambda: False)
    row = Delivery.objects.get()
    assert (row.due_at, row.attempts, mailbox.sent) == (NOW, 0, [])


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_line_renewed_a_second_ago_gets_no_reminder(mailbox: Mailbox, seconds: int) -> None:
    cast = assemble()
    outbox.put_all([("line.expiry_near", cast.account.id, cast.line.id)], NOW)
    address(NOW, 500)
    renew_line.start(request(cast), NOW + timedelta(seconds=seconds))
    assert sorted(outcomes(LATER)) == ["overtaken"]
    assert sorted(outcomes(LATER)) == ["sent"]  # of the renewal
    assert [letter.subject for letter in mailbox.sent] == ["Your line is renewed"]
    assert Validity.objects.get(id=cast.line.id).warned_at is None


def test_a_line_that_lives_again_is_not_said_to_be_suspended(mailbox: Mailbox) -> None:
    cast = assemble()
    outbox.put_all([("line.suspended", cast.account.id, cast.line.id)], NOW)
    address(NOW, 500)
    assert outcomes(LATER) == ["overtaken"]
    assert mailbox.sent == []


def test_who_has_left_gets_no_letter(mailbox: Mailbox) -> None:
    cast = renewed()
    address(NOW, 500)
    cast.alice.memberships.all().delete()
    assert outcomes() == ["no_address"]
    assert mailbox.sent == []


def test_one_lane_goes_in_order() -> None:
    script = scripted(ChannelUnavailable("451 later"))
    cast = renewed()
    assert outcomes() == [""]
    move_line(cast, LineEvent.BLOCK)
    outbox.put_all([("line.blocked", cast.account.id, cast.line.id)], NOW)
    assert claimed() == [], "the first of the lane waits, so the second does as well"
    again = NOW + MESSAGE_PAUSES[0]
    assert outcomes(again) == ["sent"]
    assert outcomes(again) == ["sent"]
    assert [letter.subject for letter in script.sent] == [
        "Your line is renewed",
        "Your line is blocked",
    ]


def test_another_accounts_letter_waits_for_nobody() -> None:
    script = scripted(ChannelUnavailable("451 later"))
    renewed()
    assert outcomes() == [""]
    renewed(assemble(suffix="2", code="plan-2"), key="key-0002")
    assert outcomes() == ["sent"]
    assert [letter.to for letter in script.sent] == ["alice2@example.com"]


def lines_of(cast: Cast, count: int) -> list[UUID]:
    """More lines of the account, all in grace."""
    made = [stage.line(cast.account, cast.plan, label=f"Line {n}") for n in range(count)]
    ids = [cast.line.id, *(line.id for line in made)]
    for line_id in ids:
        with transaction.atomic():
            locked = lines.lock_line(line_id, cast.account.id)
            lines.transition(locked, LineEvent.EXPIRE, "system", "test", NOW)
    return ids


@pytest.mark.books_broken
def test_many_lines_of_an_account_are_one_letter(mailbox: Mailbox) -> None:
    cast = assemble()
    ids = lines_of(cast, 3)
    for line_id in ids:  # of several transactions, as the clock goes over the base
        outbox.put_all([("line.expired", cast.account.id, line_id)], NOW)
        address(NOW, 500)
    assert outcomes() == [], "they gather"
    Validity.objects.filter(id=ids[1]).update(state="active", since_at=None)
    assert sorted(outcomes(LATER)) == ["overtaken", "sent", "sent", "sent"]
    (letter,) = mailbox.sent
    assert letter.subject == "3 of your lines have run out; the numbers are still yours"
    assert letter.text.count("ran out on") == 3
    assert "Line 0" not in letter.text
    assert letter.html is not None
    assert letter.html.count("<li>") == 3
    assert set(Delivery.objects.values_list("letter_id", flat=True)) == {letter.message_id}


def test_what_gathers_goes_before_what_follows(mailbox: Mailbox) -> None:
    cast = assemble()
    lines_of(cast, 1)
    outbox.put_all([("line.expired", cast.account.id, cast.line.id)], NOW)
    address(NOW, 500)
    outbox.put_all([("line.blocked", cast.account.id, cast.line.id)], NOW)
    assert outcomes() == ["sent"]
    assert outcomes() == ["sent"]
    assert [letter.subject for letter in mailbox.sent] == [
        "Your line has run out; it can be brought back",
        "Your line is blocked",
    ]


def test_a_letter_of_many_is_tried_again_as_a_whole() -> None:
    script = scripted(ChannelUnavailable("451 later"))
    cast = assemble()
    ids = lines_of(cast, 2)
    outbox.put_all([("line.expired", cast.account.id, line_id) for line_id in ids], NOW)
    address(NOW, 500)
    assert outcomes(LATER) == ["", "", ""]
    assert outcomes(LATER + MESSAGE_PAUSES[0]) == ["sent"] * 3
    assert len(script.sent) == 1


@pytest.mark.django_db(transaction=True)
def test_shares_go_side_by_side(mailbox: Mailbox) -> None:
    casts = [assemble(suffix=str(n), code=f"plan-{n}") for n in range(3)]
    for n, cast in enumerate(casts):
        renewed(cast, key=f"key-{n:04}")
    way = ways.way("email")
    done = deliver(way, claimed(), NOW, partial(side_by_side, "letters-of-a-test"))
    assert [attempt.outcome for attempt in done.attempts] == ["sent"] * 3
    assert len(mailbox.sent) == 3
