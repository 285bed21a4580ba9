"""`payment.refunded`: money goes back the way it came, by itself.

It was decided, and booked into refunds_in_transit, when its order ended without service (sale) or
when staff refunded it (refund_order, decide_refund).

    N  refund_payment.refund     under the refund's own id: sent twice, done once
    T  refund_payment.refunded   in transit -> clearing of the provider
    T  refund_payment.refused    the provider will not: in transit -> wallet, the holder is told
"""

from datetime import datetime, timedelta
from uuid import UUID

from keepline.core import postings
from keepline.core.lifecycle.refund import RefundState
from keepline.flows.sale import money_of
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.payments.port import (
    ProviderRefused,
    ProviderUnknown,
    RefundRequest,
    RefundStatus,
)
from keepline.ledger import services as ledger
from keepline.messages import services as outbox
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments import queries as payment_queries
from keepline.payments import refunds
from keepline.payments import services as payments
from keepline.payments.models import Payment, Refund

ACTION = "payment.refunded"


def refund(order_id: UUID, now: datetime) -> bool:
    """Asks the provider to give back what is on its way. False: it is asked again later."""
    waiting = refunds.sending(order_id)
    payment = payment_queries.of_order(order_id) if waiting else None
    if payment is None:
        return True
    order = order_queries.by_id(order_id)
    answered = [_send(order, payment, each, now) for each in waiting]
    return all(answered)


def _send(order: Order, payment: Payment, sent: Refund, now: datetime) -> bool:
    request = _request(payment, sent)
    try:
        with network_step("refund_payment.refund"):
            status = switchboard.payments(payment.provider).refund(request)
    except ProviderUnknown:
        return _later(order, now)
    except ProviderRefused as refused:
        status = RefundStatus(sent.id, "refused", sent.sent_minor, refused.code)
    if status.status == "pending":
        return _later(order, now)
    step = "refunded" if status.status == "refunded" else "refused"
    with transaction_step(f"refund_payment.{step}"):
        _book(order, payment, sent.id, status, now)
    return True


def _request(payment: Payment, sent: Refund) -> RefundRequest:
    return RefundRequest(
        refund_id=sent.id,
        payment_id=payment.id,
        provider_payment_id=payment.provider_payment_id or "",
        amount_minor=sent.sent_minor,
        currency=sent.sent_currency,
    )


def _later(seen: Order, now: datetime) -> bool:
    orders.look_later(seen, now + timedelta(seconds=15) * 2 ** min(seen.attempts, 8))
    return False


def _book(
    seen: Order, taken: Payment, refund_id: UUID, status: RefundStatus, now: datetime
) -> None:
    if status.status != "refunded":
        ledger.lock_wallet_of(seen.account_id, taken.currency)
    order = orders.lock_order(seen.id)
    payment = payments.lock_payment(order.id)
    sent = refunds.by_id(refund_id)
    if payment is None or sent is None or sent.state != RefundState.SENDING:
        return
    sale, amount = money_of(order, payment), sent.sent_minor
    if status.status == "refunded":
        drafts = postings.end_refund(sale, sent.id, payment.provider, amount)
        refunds.confirm(sent, payment, now)
        kind = "order.refunded"
    else:
        drafts = postings.refund_into_wallet(sale, sent.id, amount)
        refunds.keep(sent, payment, status.code, now)
        kind = "order.refunded_to_wallet"
    ledger.book(order.slot, drafts, now)
    outbox.put(kind, order.account_id, order.line_id, order.id, now, sent.id)
