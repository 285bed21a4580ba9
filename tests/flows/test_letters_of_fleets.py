"""What the owner of many lines gets on one day: letters that can be read, and all that happened."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from keepline.core.agenda import Step
from keepline.core.lifecycle.line import LineEvent
from keepline.core.telling import GATHERING, GATHERING_OF_MANY
from keepline.flows import renew_line
from keepline.flows.address_event import address
from keepline.flows.recognise_revenue import number_receipts
from keepline.flows.sweep_lines import sweep
from keepline.lines import services as lines
from keepline.lines.models import Validity
from keepline.messages import services as outbox
from keepline.messages.models import Delivery
from tests.cast import NOW, Cast, assemble, line
from tests.doubles import Mailbox
from tests.flows.acts import request
from tests.telling import tell, tell_all

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def renews_itself(cast: Cast, label: str) -> UUID:
    made = line(cast.account, cast.plan, label=label, valid_until=NOW + HOUR)
    Validity.objects.filter(id=made.id).update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=NOW
    )
    return made.id


def expired(cast: Cast) -> UUID:
    made = line(cast.account, cast.plan)
    with transaction.atomic():
        locked = lines.lock_line(made.id, cast.account.id)
        lines.transition(locked, LineEvent.EXPIRE, "system", "test", NOW)
    return made.id


def test_lines_that_the_clock_renewed_are_one_letter_with_their_receipts(mailbox: Mailbox) -> None:
    cast = assemble(wallet_minor=5000)
    for place in range(3):
        renews_itself(cast, f"Tractor {place}")
    assert sweep(NOW) == {"renewed": 3}
    tell(NOW)
    assert mailbox.sent == []
    number_receipts("house", NOW)
    tell(NOW + GATHERING)
    (letter,) = mailbox.sent
    assert letter.subject == "3 of your lines are renewed"
    for place in range(3):
        assert f"Tractor {place} is renewed. It is valid until" in letter.text
    assert len({each.filename for each in letter.attachments}) == 3


def test_of_very_many_the_first_receipts_go_along(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepline.flows.receipting.enclosing.ENCLOSED_AT_MOST", 2)
    cast = assemble(wallet_minor=5000)
    for place in range(3):
        renews_itself(cast, f"Tractor {place}")
    sweep(NOW)
    number_receipts("house", NOW)
    tell_all(NOW)
    assert len(mailbox.sent[0].attachments) == 2


def test_who_renews_by_hand_hears_of_it_at_once(mailbox: Mailbox) -> None:
    cast = assemble(wallet_minor=5000)
    renews_itself(cast, "Tractor")
    sweep(NOW)
    tell(NOW)
    renew_line.start(request(cast), NOW)
    number_receipts("house", NOW)
    tell(NOW)
    (letter,) = mailbox.sent
    assert "Tractor" not in letter.text
    assert len(letter.attachments) == 1
    tell(NOW + GATHERING)
    assert "Tractor is renewed" in mailbox.sent[1].text


@pytest.mark.books_broken
def test_news_of_another_line_end_no_wait(mailbox: Mailbox) -> None:
    """Or a fleet whose news are mixed would get a letter for each."""
    cast = assemble()
    first, second, third = (expired(cast) for _ in range(3))
    outbox.put_all([("line.expired", cast.account.id, first)], NOW)
    tell(NOW)
    outbox.put_all([("line.blocked", cast.account.id, second)], NOW)
    outbox.put_all([("line.expired", cast.account.id, third)], NOW)
    tell(NOW)
    assert [letter.subject for letter in mailbox.sent] == ["Your line is blocked"]
    tell(NOW + GATHERING)
    assert mailbox.sent[1].subject.startswith("2 of your lines have run out")


@pytest.mark.books_broken
def test_of_two_news_of_a_line_the_first_goes_first(mailbox: Mailbox) -> None:
    """Of one batch, while a letter of the first kind waits for more: it takes no such line in."""
    cast = assemble()
    waits, moves = expired(cast), expired(cast)
    outbox.put_all([("line.expired", cast.account.id, waits)], NOW)
    address(NOW, 10)
    outbox.put_all([("line.expired", cast.account.id, moves)], NOW)
    outbox.put_all([("line.blocked", cast.account.id, moves)], NOW + MINUTE)
    tell(NOW + MINUTE)
    first, second = (letter.subject for letter in mailbox.sent)
    assert first.startswith("Your line has run out")
    assert second == "Your line is blocked"
    waiting = Delivery.objects.get(due_at__isnull=False)
    assert waiting.line_id == waits


@pytest.mark.books_broken
def test_a_fleet_whose_lines_run_out_all_day_gets_seven_letters_of_it(mailbox: Mailbox) -> None:
    """Every half an hour one, as well as two from one minute to the next."""
    cast = assemble()
    for place in range(48):
        now = NOW + place * HOUR / 2
        outbox.put_all([("line.expired", cast.account.id, expired(cast))], now)
        tell(now)
        tell(now + GATHERING)
    assert len(mailbox.sent) == 6
    tell(now + GATHERING_OF_MANY)
    assert len(mailbox.sent) == 7
    assert Delivery.objects.filter(outcome="sent").count() == 48
    later = now + 2 * timedelta(days=1)
    outbox.put_all([("line.expired", cast.account.id, expired(cast))], later)
    tell_all(later)
    assert len(mailbox.sent) == 8, "the next time it is told of soon again"
