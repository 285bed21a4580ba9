"""Before a number is lost for good its last holder is told once more, if that is still true."""

from datetime import timedelta

import pytest

from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.flows.reclaim_number import reclaim
from keepline.flows.sweeping.leaving import LAST_WORD
from keepline.gateways import switchboard
from keepline.inventory.models import Number
from keepline.messages.models import Delivery, Outbox
from tests.cast import NOW, assemble
from tests.doubles import Mailbox
from tests.flows.acts import let_go
from tests.flows.test_reclaim_number import wanted, withdrawn
from tests.telling import tell_all

pytestmark = pytest.mark.django_db
KIND = "number.loss_near"
WINDOW = timedelta(days=120)
THEN = NOW + WINDOW - LAST_WORD


@pytest.fixture
def mailbox() -> Mailbox:
    box = Mailbox()
    switchboard.connect("email", lambda: box)
    return box


def test_it_is_told_a_week_before_the_window_ends(mailbox: Mailbox) -> None:
    withdrawn()
    tell_all(THEN - timedelta(hours=1))
    before = len(mailbox.sent)
    tell_all(THEN)
    (letter,) = mailbox.sent[before:]
    assert letter.subject == "The last days to have your number back"
    assert "Only until 8 July 2026" in letter.text
    assert letter.unsubscribe is None
    tell_all(THEN + timedelta(days=6))
    assert len(mailbox.sent) == before + 1


def test_who_had_it_back_is_not_told(mailbox: Mailbox) -> None:
    cast = withdrawn()
    reclaim(wanted(cast), NOW + timedelta(days=30))
    tell_all(THEN)
    assert not [each for each in mailbox.sent if "last days" in each.subject]
    assert Delivery.objects.get(kind=KIND).outcome == "overtaken"


def test_a_word_that_comes_too_late_is_kept(mailbox: Mailbox) -> None:
    """We were away until the window was over, and the number still rests."""
    withdrawn()
    tell_all(NOW + WINDOW)
    assert Number.objects.get().state == "quarantine"
    assert Delivery.objects.get(kind=KIND).outcome == "overtaken"
    assert not [each for each in mailbox.sent if "last days" in each.subject]


@pytest.mark.parametrize(("days", "told"), [(13, 0), (14, 1)])
def test_a_short_window_needs_no_second_letter(days: int, told: int) -> None:
    cast = assemble(line_fields={"state": "suspended", "valid_until": NOW - timedelta(days=90)})
    Policy.objects.update(reclaim_days=days)
    catalog.forget()
    let_go(cast, 12025550143, {})
    assert Outbox.objects.filter(kind=KIND).count() == told
