"""book_payouts: clearing comes back to what is not settled, once, and never beyond."""

from dataclasses import replace
from datetime import date

import pytest

from keepline.audit.models import AuditEvent
from keepline.core.payouts import Payout
from keepline.flows import renew_line
from keepline.flows.audit_books import audit
from keepline.flows.book_payouts import ACTION, PayoutsRefused, book_payouts
from keepline.flows.open_payment import open_payment
from keepline.flows.settle_payment import settle
from keepline.ledger.models import Transfer
from keepline.payments.services import payment_id_of
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import request

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 9)
ON_ITS_WAY = Payout("sandbox", "po_1", "USD", 190, 5, DAY, None)


@pytest.fixture(autouse=True)
def captured(provider: FakeProvider) -> None:
    """The provider took 3.00 USD."""
    cast = assemble()
    started = renew_line.start(request(cast, provider="sandbox", use_wallet="none"), NOW)
    open_payment(started.order_id, "en", NOW)
    provider.pay(payment_id_of(started.order_id))
    settle(started.order_id, NOW)


def book(*payouts: Payout) -> dict[str, int]:
    booked = book_payouts("sandbox", payouts, "operator", NOW)
    return {code: minor for (code, _), minor in booked.standing.items()}


def test_settled_then_paid_out_each_once() -> None:
    stands = {"clearing": -105, "provider_receivable": -190, "payment_fees": -5, "bank": 0}
    assert book(ON_ITS_WAY) == stands
    assert book(ON_ITS_WAY) == stands
    arrived = replace(ON_ITS_WAY, paid_on=date(2026, 3, 11))
    after = {"clearing": -105, "provider_receivable": 0, "payment_fees": -5, "bank": -190}
    assert book(arrived) == after
    assert book(arrived, ON_ITS_WAY) == after
    assert audit(NOW) == []
    assert AuditEvent.objects.filter(action=ACTION).count() == 2


def test_a_day_that_a_later_list_moves_books_nothing_twice() -> None:
    book(ON_ITS_WAY)
    arrived = replace(ON_ITS_WAY, settled_on=date(2026, 3, 10), paid_on=date(2026, 3, 11))
    after = {"clearing": -105, "provider_receivable": 0, "payment_fees": -5, "bank": -190}
    assert book(arrived) == after
    assert book(replace(arrived, settled_on=date(2026, 3, 11))) == after


@pytest.mark.parametrize("amount", [191, 189, -190])
def test_another_amount_under_a_known_reference_is_refused(amount: int) -> None:
    book(ON_ITS_WAY)
    before = Transfer.objects.count()
    fresh = Payout("sandbox", "po_0", "USD", 10, 0, DAY, DAY)
    with pytest.raises(PayoutsRefused, match="po_1 was booked with another amount"):
        book(fresh, replace(ON_ITS_WAY, amount_minor=amount))
    assert Transfer.objects.count() == before


def test_more_than_was_taken_is_refused_and_nothing_booked() -> None:
    before = Transfer.objects.count()
    with pytest.raises(PayoutsRefused, match="reconcile first"):
        book(ON_ITS_WAY, Payout("sandbox", "po_2", "USD", 106, 0, DAY, DAY))
    assert Transfer.objects.count() == before


def test_what_was_exchanged_on_the_way_is_refused_with_what_to_do() -> None:
    with pytest.raises(PayoutsRefused, match=r"EUR more than .* leave it out of the list"):
        book(Payout("sandbox", "po_2", "EUR", 100, 2, DAY, DAY))
    assert not Transfer.objects.filter(currency="EUR").exists()


def test_more_went_back_than_came_in() -> None:
    book(Payout("sandbox", "po_1", "USD", 300, 0, DAY, DAY))
    stands = book(Payout("sandbox", "po_2", "USD", -50, 2, DAY, DAY))
    assert stands == {"clearing": -48, "provider_receivable": 0, "payment_fees": -2, "bank": -250}
