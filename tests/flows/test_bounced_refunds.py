"""Refunds of long ago that a bank did not take."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from keepline.audit.models import AuditEvent
from keepline.core.lifecycle.refund import RefundState
from keepline.core.reconciliation import Kind
from keepline.flows.audit_books import audit, invariants
from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.reconcile import reconcile
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments.models import Dispute, Payment, Refund
from keepline.workers import due
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import wallet
from tests.flows.at_once import work_off
from tests.flows.refunds import balance, bought, refunded, topped_up

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
LATER = NOW + WEEK
SAFE = [one for one in invariants() if not one.late]  # no sweep runs here


def given_back(cast: Cast, provider: FakeProvider) -> Order:
    """3.00 USD, of which the provider took 2.00 and gave them back; the holder was told."""
    order = bought(cast, provider=provider)
    refunded(order, scope="whole")
    work_off(NOW)
    assert Refund.objects.get().state == RefundState.REFUNDED
    assert counted() == (200, 0)
    return order


def counted() -> tuple[int, int]:
    """(given back, on its way) of the payment."""
    payment = Payment.objects.get()
    return payment.refunded_minor, payment.refunding_minor


def tell(provider: FakeProvider, kind: str, at: datetime = LATER) -> None:
    """A webhook comes, and workers work."""
    body = f"evt-{kind}-{at.timestamp()} {Payment.objects.get().id} {kind}"
    receive_webhook("sandbox", {"X-Good": "yes"}, body.encode(), at)
    work_off(at)


def letters(order_id: UUID) -> list[str]:
    rows = Outbox.objects.filter(order_id=order_id, kind__startswith="order.")
    return sorted(rows.values_list("kind", flat=True))


def is_in_the_wallet(cast: Cast, order: Order) -> None:
    refund = Refund.objects.get()
    assert (refund.state, refund.refusal_code) == (RefundState.TO_WALLET, "closed_account")
    assert (wallet(cast), counted()) == ((300, 0), (0, 0))
    assert -balance("clearing", "sandbox") == 200
    assert letters(order.id) == ["order.refunded", "order.refunded_to_wallet"]
    assert Order.objects.by_id(order.id).next_action_at is None
    assert audit(LATER, SAFE) == []


def test_what_a_bank_did_not_take_is_in_the_wallet(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = given_back(cast, provider)
    provider.bounce(Payment.objects.get().id, Refund.objects.get().id)
    tell(provider, "refund.refused")
    is_in_the_wallet(cast, order)
    tell(provider, "refund.refused", LATER + WEEK)
    is_in_the_wallet(cast, order)
    assert reconcile("sandbox", NOW - WEEK, LATER, "worker", LATER).left == []


def test_a_bounce_that_nobody_told_is_found_when_the_books_are_compared_again(
    provider: FakeProvider,
) -> None:
    cast = assemble(wallet_minor=100)
    order = given_back(cast, provider)
    provider.bounce(Payment.objects.get().id, Refund.objects.get().id)
    result = reconcile("sandbox", NOW - WEEK, LATER, "worker", LATER)
    assert ([one.kind for one in result.settled], result.left) == ([Kind.REFUND_MISSING], [])
    is_in_the_wallet(cast, order)


def test_a_refund_that_is_told_of_and_stands_changes_nothing(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = given_back(cast, provider)
    tell(provider, "refund.succeeded")
    assert (wallet(cast), counted()) == ((100, 0), (200, 0))
    assert letters(order.id) == ["order.refunded"]
    assert not AuditEvent.objects.filter(action="provider.reconciled").exists()
    assert not Payment.objects.get().disputes_due


def test_a_provider_that_is_silent_is_asked_again(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order = given_back(cast, provider)
    provider.bounce(Payment.objects.get().id, Refund.objects.get().id)
    provider.silent = 1
    tell(provider, "refund.refused")
    assert counted() == (200, 0)
    work_off(LATER + timedelta(hours=1))
    is_in_the_wallet(cast, order)


def test_what_is_in_a_wallet_again_can_be_disputed(provider: FakeProvider) -> None:
    """The bounced money of a top-up lies in the wallet; the bank's claim holds it there."""
    cast = assemble(wallet_minor=0)
    refunded(topped_up(cast, provider), scope="whole")
    work_off(NOW)
    payment = Payment.objects.get()
    provider.bounce(payment.id, Refund.objects.get().id)
    provider.dispute(payment.id)
    tell(provider, "dispute.opened")
    assert (wallet(cast), Dispute.objects.get().held_minor) == ((500, 500), 500)
    assert audit(LATER, SAFE) == []
    provider.dispute(payment.id, "lost")
    tell(provider, "dispute.closed", LATER + WEEK)
    assert wallet(cast) == (0, 0)
    assert audit(LATER + WEEK, SAFE) == []


def test_once_a_week_older_payments_are_compared_too(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    bought(cast, provider=provider)
    payment = Payment.objects.get()
    provider.dispute(payment.id)  # and no webhook came
    provider.unlisted.add(payment.id)  # what is of the span is asked for by itself
    late = NOW + timedelta(days=100)
    due.reconcile_all(lambda: late)
    assert not Dispute.objects.exists()
    due.reconcile_all(lambda: late, due.RECONCILED_AGAIN)
    assert Dispute.objects.get().booked_minor == 200
