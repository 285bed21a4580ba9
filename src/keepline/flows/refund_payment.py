"""`payment.refunded`: money goes back the way it came, by itself.

It was decided, and booked into refunds_in_transit, when its order ended without service (sale) or
when staff refunded it (refund_order, decide_refund). While the payment is disputed it waits: the
payer's bank may have taken it (follow_disputes).

    N  refund_payment.refund     under the refund's own id: sent twice, done once
    T  refund_payment.refunded   in transit -> clearing of the provider
    N  refund_payment.ask        the provider will not: is it because of a dispute?
    T  refund_payment.refused    it is: follow_disputes looks; else in transit -> wallet, and the
                                 holder is told
"""

from datetime import datetime, timedelta
from uuid import UUID

from keepline.core.lifecycle.refund import RefundState
from keepline.core.retries import doubled
from keepline.flows.refunding.answers import given_back, kept
from keepline.flows.refunding.asking import request_of
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.payments.port import (
    PaymentProvider,
    PaymentStatus,
    ProviderRefused,
    ProviderUnknown,
    RefundRequest,
    RefundStatus,
)
from keepline.ledger import services as ledger
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments import disputes, refunds
from keepline.payments import queries as payment_queries
from keepline.payments import services as payments
from keepline.payments.models import Payment, Refund

ACTION = "payment.refunded"
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)


def refund(order_id: UUID, now: datetime) -> bool:
    """Asks the provider to give back what is on its way. False: it is asked again later."""
    waiting = refunds.sending(order_id)
    payment = payment_queries.of_order(order_id) if waiting else None
    if payment is None:
        return True
    if payment.disputes_due:
        return False
    order = order_queries.by_id(order_id)
    answered = [_send(order, payment, each, now) for each in waiting]
    return all(answered)


def _send(order: Order, payment: Payment, sent: Refund, now: datetime) -> bool:
    provider = switchboard.payments(payment.provider)
    try:
        status = _asked_back(provider, request_of(sent, payment.provider_payment_id))
        if status.status == "refused":
            with network_step("refund_payment.ask"):
                found = provider.ask(payment.id, payment.provider_payment_id)
    except ProviderUnknown:
        return _later(order, now)
    if status.status == "pending":
        return _later(order, now)
    if status.status == "refunded":
        with transaction_step("refund_payment.refunded"):
            return _book_refunded(order, sent, now)
    with transaction_step("refund_payment.refused"):
        return _book_refused(order, sent, status.code, found, now)


def _asked_back(provider: PaymentProvider, request: RefundRequest) -> RefundStatus:
    try:
        with network_step("refund_payment.refund"):
            return provider.refund(request)
    except ProviderRefused as refused:
        return RefundStatus(request.refund_id, "refused", request.amount_minor, refused.code)


def _later(seen: Order, now: datetime) -> bool:
    orders.look_later(seen, now + doubled(FIRST_PAUSE, seen.attempts, LONGEST_PAUSE))
    return False


def _book_refunded(seen: Order, asked: Refund, now: datetime) -> bool:
    order, payment, sent = _lock(seen, asked)
    if sent is None:
        return True
    if sent.by_bank_minor != asked.by_bank_minor:  # a dispute was faster; it is asked again then
        return False
    given_back(order, payment, sent, now)
    return True


def _book_refused(
    seen: Order, asked: Refund, code: str, found: PaymentStatus, now: datetime
) -> bool:
    """Nothing goes into a wallet that the payer's bank has taken, or may have."""
    ledger.lock_wallet_of(seen.account_id, asked.sent_currency)
    order, payment, sent = _lock(seen, asked)
    if sent is None:
        return True
    if payment.disputes_due:
        return False
    if _tells_news(payment, found):
        disputes.ask_about(payment, due=True)
        orders.look_again(order, now, attempts=0)
        return False
    given_there_minor = _given_at_desk(payment, sent, found)
    if given_there_minor >= sent.by_provider_minor:
        given_back(order, payment, sent, now)
    elif given_there_minor > 0:  # a part of it: a person gives the rest there
        return _later(seen, now)
    else:
        kept(order, payment, sent, code, now)
    return True


def _given_at_desk(payment: Payment, refused: Refund, found: PaymentStatus) -> int:
    """What the provider gave back that is no refund of ours, as far as it tells of those."""
    others = [each for each in refunds.sending(payment.order_id) if each.id != refused.id]
    if switchboard.payments(payment.provider).tells_refunds:
        made = {each.refund_id for each in found.refunds.values() if each.status == "refunded"}
        others = [each for each in others if each.id in made]
    ours = sum(each.by_provider_minor for each in others)
    return found.refunded_minor - payment.refunded_minor - ours


def _lock(seen: Order, asked: Refund) -> tuple[Order, Payment, Refund | None]:
    """The refund is None when it has come to its end meanwhile."""
    order = orders.lock_order(seen.id)
    payment = payments.lock_payment(order.id)
    assert payment is not None, "a provider took what goes back"
    sent = refunds.by_id(asked.id)
    still = sent is not None and sent.state == RefundState.SENDING
    return order, payment, sent if still else None


def _tells_news(payment: Payment, found: PaymentStatus) -> bool:
    """Whether the provider tells of a dispute, or of its end, that is not in our books."""
    known = {each.provider_dispute_id: each.state for each in disputes.of_order(payment.order_id)}
    return any(known.get(each.dispute_id, "won") != each.status for each in found.disputes.values())
