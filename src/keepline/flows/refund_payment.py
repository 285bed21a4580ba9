"""`payment.refunded`: money goes back the way it came, by itself.

The refund was decided, and booked into refunds_in_transit, when the order ended without service.

    N  refund_payment.refund     under a refund id derived from the payment's: sent twice, done once
    T  refund_payment.refunded   in transit -> clearing of the provider
    T  refund_payment.refused    the provider will not: in transit -> wallet, the holder is told
"""

from datetime import datetime, timedelta
from uuid import UUID

from keepline.core import postings
from keepline.core.ids import derived_id
from keepline.core.lifecycle.payment import PaymentEvent, PaymentState
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
from keepline.payments import services as payments
from keepline.payments.models import Payment

ACTION = "payment.refunded"


def refund(order_id: UUID, now: datetime) -> bool:
    """Asks the provider to give the money back. False: no final answer yet, asked again later."""
    order = order_queries.by_id(order_id)
    payment = payment_queries.of_order(order_id)
    if payment is None or payment.state != PaymentState.REFUNDING:
        return True
    try:
        with network_step("refund_payment.refund"):
            status = switchboard.payments(payment.provider).refund(_request(payment))
    except ProviderUnknown:
        return _later(order, now)
    except ProviderRefused as refused:
        status = RefundStatus(
            refund_id=_request(payment).refund_id,
            status="refused",
            amount_minor=payment.captured_minor,
            code=refused.code,
        )
    if status.status == "pending":
        return _later(order, now)
    step = "refunded" if status.status == "refunded" else "refused"
    with transaction_step(f"refund_payment.{step}"):
        _book(order_id, status, now)
    return True


def _request(payment: Payment) -> RefundRequest:
    return RefundRequest(
        refund_id=derived_id(payment.id, "refund"),
        payment_id=payment.id,
        provider_payment_id=payment.provider_payment_id or "",
        amount_minor=payment.captured_minor,
        currency=payment.currency,
    )


def _later(seen: Order, now: datetime) -> bool:
    orders.look_later(seen, now + timedelta(seconds=15) * 2 ** min(seen.attempts, 8))
    return False


def _book(order_id: UUID, status: RefundStatus, now: datetime) -> None:
    seen = order_queries.by_id(order_id)
    ledger.lock_wallet(seen.wallet_id)
    order = orders.lock_order(order_id)
    payment = payments.lock_payment(order_id)
    if payment is None or payment.state != PaymentState.REFUNDING:
        return
    amount = payment.captured_minor
    if status.status == "refunded":
        drafts = postings.end_refund(money_of(order, payment), payment.id, payment.provider, amount)
        payments.transition(payment, PaymentEvent.REFUNDED, refunded_minor=amount)
        kind = "order.refunded"
    else:
        ledger.open_wallet(order.account_id, payment.currency)
        drafts = postings.refund_into_wallet(money_of(order, payment), payment.id, amount)
        payments.transition(payment, PaymentEvent.REFUND_REFUSED)
        kind = "order.refunded_to_wallet"
    ledger.book(order.slot, drafts, now)
    outbox.put(kind, order.account_id, order.line_id, order.id, now)
