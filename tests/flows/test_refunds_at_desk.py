"""Refunds made at the provider's own desk, of which nobody told us but the provider."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keepline.audit.models import AuditEvent
from keepline.core.lifecycle.refund import RefundState
from keepline.core.reconciliation import Kind
from keepline.flows import refund_order
from keepline.flows.attach_clock import attach_clock
from keepline.flows.audit_books import audit, invariants
from keepline.flows.errors import FlowRefused
from keepline.flows.open_clock import open_clock
from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.reconcile import reconcile
from keepline.flows.show_reconciliations import show_reconciliations
from keepline.gateways.payments.port import PaymentStatus
from keepline.ledger import queries as ledger
from keepline.lines import services as lines
from keepline.lines.models import Reversal
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments import limits
from keepline.payments.models import Payment, Refund
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import wallet
from tests.flows.at_once import work_off
from tests.flows.refunds import balance, bought, refunded, topped_up, wish

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TOMORROW = NOW + DAY
SAFE = [one for one in invariants() if not one.late]  # no sweep runs here


def sold(provider: FakeProvider) -> tuple[Cast, Order]:
    """3.00 USD for a month, of which the provider took 2.00."""
    cast = assemble(wallet_minor=100)
    return cast, bought(cast, provider=provider)


def tell(provider: FakeProvider, which: str = "first") -> None:
    """A webhook says that something was refunded, and workers work."""
    body = f"evt-desk-{which} {Payment.objects.get().id} refund.succeeded"
    receive_webhook("sandbox", {"X-Good": "yes"}, body.encode(), TOMORROW)
    work_off(TOMORROW)


def counted() -> tuple[int, int]:
    """(given back, on its way) of the payment."""
    payment = Payment.objects.get()
    return payment.refunded_minor, payment.refunding_minor


def the_books_agree() -> None:
    assert audit(TOMORROW, SAFE) == []
    result = reconcile("sandbox", NOW - DAY, TOMORROW, "worker", TOMORROW)
    assert (result.settled, result.left) == ([], [])


def test_a_part_is_goodwill_and_cannot_be_given_back_once_more(provider: FakeProvider) -> None:
    cast, order = sold(provider)
    until = lines.read_line(cast.line.id, cast.account.id).valid_until
    provider.refund_at_desk(Payment.objects.get().id, 120)
    tell(provider)
    refund = Refund.objects.get()
    assert (refund.state, refund.amount_minor) == (RefundState.REFUNDED, 120)
    assert (refund.asked_by, refund.decided_by) == ("provider", "provider")
    assert (counted(), wallet(cast)) == ((120, 0), (0, 0))
    assert lines.read_line(cast.line.id, cast.account.id).valid_until == until
    assert Outbox.objects.filter(order_id=order.id, kind="order.refunded").count() == 1
    assert AuditEvent.objects.get(action="order.refund_adopted").subject_id == refund.id
    assert refund_order.preview(order.id, wish(), TOMORROW).back.method_minor == 80
    the_books_agree()


def test_told_twice_it_is_one_refund_and_given_twice_it_is_two(provider: FakeProvider) -> None:
    sold(provider)
    payment_id = Payment.objects.get().id
    provider.refund_at_desk(payment_id, 50)
    tell(provider)
    tell(provider, "again")
    assert counted() == (50, 0)
    provider.refund_at_desk(payment_id, 50)
    tell(provider, "once-more")
    assert (counted(), Refund.objects.count()) == ((100, 0), 2)
    the_books_agree()


def test_the_whole_takes_the_service_along(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    until = lines.read_line(cast.line.id, cast.account.id).valid_until
    bought(cast, provider=provider)
    provider.refund_at_desk(Payment.objects.get().id, 300)
    tell(provider)
    assert Refund.objects.get().ends_service
    assert lines.read_line(cast.line.id, cast.account.id).valid_until == until
    the_books_agree()


def test_a_comparison_of_the_books_finds_it_when_no_webhook_came(provider: FakeProvider) -> None:
    sold(provider)
    provider.refund_at_desk(Payment.objects.get().id, 120)
    result = reconcile("sandbox", NOW - DAY, TOMORROW, "worker", TOMORROW)
    assert ([one.kind for one in result.settled], result.left) == ([Kind.REFUND_NOT_BOOKED], [])
    assert counted() == (120, 0)
    the_books_agree()


def test_of_a_top_up_it_leaves_the_wallet(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    topped_up(cast, provider)
    provider.refund_at_desk(Payment.objects.get().id, 500)
    tell(provider)
    assert (wallet(cast), counted()) == ((0, 0), (500, 0))
    the_books_agree()


def test_what_the_wallet_has_spent_is_for_a_person(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    topped_up(cast, provider)
    bought(cast, key="key-spent")
    provider.refund_at_desk(Payment.objects.get().id, 500)
    tell(provider)
    view = show_reconciliations(TOMORROW)
    ((only,),) = [one.differences for one in view.past]
    assert (only.kind, only.ours_minor, only.theirs_minor) == (Kind.REFUND_NOT_BOOKED, 0, 500)
    assert view.unseen == ["sandbox"]  # one payment is no comparison of the books
    assert (counted(), Refund.objects.count()) == ((0, 0), 0)
    assert audit(TOMORROW, SAFE) == []


def test_asked_here_too_before_anybody_told_it_is_given_once(provider: FakeProvider) -> None:
    cast, order = sold(provider)
    provider.refund_at_desk(Payment.objects.get().id, 200)
    refunded(order, scope="whole")
    work_off(NOW)
    refund = Refund.objects.get()
    assert (refund.state, counted()) == (RefundState.REFUNDED, (200, 0))
    assert wallet(cast) == (100, 0)  # what the wallet had paid
    assert -balance("clearing", "sandbox") == 0
    the_books_agree()


def test_given_in_part_there_and_asked_for_whole_here_waits_for_a_person(
    provider: FakeProvider,
) -> None:
    cast, order = sold(provider)
    payment_id = Payment.objects.get().id
    provider.refund_at_desk(payment_id, 120)
    refunded(order, scope="whole")
    work_off(NOW)
    assert (counted(), wallet(cast)) == ((0, 200), (100, 0)), "nothing that the payer has already"
    (left,) = reconcile("sandbox", NOW - DAY, TOMORROW, "worker", TOMORROW).left
    assert left.kind is Kind.REFUND_NOT_BOOKED
    provider.refund_at_desk(payment_id, 80)  # and somebody gives the rest there
    work_off(TOMORROW + DAY)
    assert counted() == (200, 0)
    the_books_agree()


def test_it_waits_for_what_is_on_its_way(provider: FakeProvider) -> None:
    cast, order = sold(provider)
    payment_id = Payment.objects.get().id
    provider.silent = 1
    refunded(order, scope="part", amount_minor=50)
    provider.refund_at_desk(payment_id, 60)
    work_off(NOW)
    assert counted() == (0, 50)
    tell(provider)
    tell(provider, "again")
    assert (counted(), wallet(cast)) == ((110, 0), (0, 0))
    the_books_agree()


def test_too_early_for_the_books_it_is_found_later(provider: FakeProvider) -> None:
    """An order without a receipt has no schedule yet that could be changed."""
    cast, order = sold(provider)
    Order.objects.filter(id=order.id, slot=order.slot).update(receipt_number=None)
    with pytest.raises(FlowRefused):
        refund_order.preview(order.id, wish(), NOW)
    provider.refund_at_desk(Payment.objects.get().id, 120)
    tell(provider)
    assert counted() == (0, 0)
    Order.objects.filter(id=order.id, slot=order.slot).update(receipt_number=order.receipt_number)
    reconcile("sandbox", NOW - DAY, TOMORROW, "worker", TOMORROW)
    assert counted() == (120, 0)
    assert ledger.balances_of(cast.account.id)[0].free_minor == 0


def test_what_waits_for_a_second_person_has_not_gone_yet(provider: FakeProvider) -> None:
    """Goodwill there takes no service, because of goodwill here that may never be allowed."""
    cast = assemble(wallet_minor=0)
    order = bought(cast, provider=provider)
    until = lines.read_line(cast.line.id, cast.account.id).valid_until
    limits.put_in_force(replace(limits.shipped(), refunds={"default": 2}))
    try:
        refunded(order, scope="part", amount_minor=250)
    finally:
        limits.put_in_force(None)
    provider.refund_at_desk(Payment.objects.get().id, 50)
    tell(provider)
    assert counted() == (50, 0)
    assert lines.read_line(cast.line.id, cast.account.id).valid_until == until
    the_books_agree()


def test_an_answer_older_than_a_bounce_is_no_refund_at_the_desk(
    provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one asks, another hears that a refund of ours bounced, and books it first."""
    cast, order = sold(provider)
    refund = refunded(order, scope="part", amount_minor=50)
    work_off(NOW)
    ask = provider.ask

    def ask_slowly(*payment: object) -> PaymentStatus:
        answer = ask(*payment)  # type: ignore[arg-type]
        monkeypatch.setattr(provider, "ask", ask)
        provider.bounce(Payment.objects.get().id, refund.id)
        reconcile("sandbox", NOW - DAY, TOMORROW, "worker", TOMORROW)
        return answer

    monkeypatch.setattr(provider, "ask", ask_slowly)
    tell(provider)
    assert (wallet(cast), counted()) == ((50, 0), (0, 0))
    assert Refund.objects.count() == 1
    the_books_agree()


def test_found_by_a_comparison_the_service_ends_by_the_accounts_own_clock(
    provider: FakeProvider,
) -> None:
    cast = assemble(wallet_minor=0)
    bought(cast, provider=provider)
    open_clock("spring", NOW + 40 * DAY, "cli", NOW)
    attach_clock("spring", cast.account.id, "cli", NOW)
    provider.refund_at_desk(Payment.objects.get().id, 300)
    reconcile("sandbox", NOW - DAY, TOMORROW, "worker", TOMORROW)
    assert counted() == (300, 0)
    assert Reversal.objects.get().ended_at == NOW + 40 * DAY
