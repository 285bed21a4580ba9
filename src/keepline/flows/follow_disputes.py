"""`payment.disputed`: what a payer's bank takes back is seen, booked, and followed to its end.

A webhook, or a comparison of the books, only says that something is disputed, or that something
became of a refund; the provider tells what. While a dispute is open it is asked once a day.

    N  follow_disputes.ask     what does the provider hold to be true
    T  follow_disputes.book    opened: clearing -> disputed, the line rests, and nobody needs to
                               look at the payment any more; won: back again; lost: out of the sale,
                               and its service ends. What is on its way back already goes back once
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from keepline.core.lifecycle.dispute import DisputeState
from keepline.core.lifecycle.order import OrderEvent, OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.core.lifecycle.refund import RefundState
from keepline.core.retries import doubled
from keepline.flows.disputing.booking import close_dispute, open_dispute
from keepline.flows.reconciling.record import name_refund_not_booked
from keepline.flows.refunding.adopting import adopt_refund
from keepline.flows.refunding.answers import bounced, given_back
from keepline.flows.refunding.standing import lock_case
from keepline.flows.sale import give_back
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.payments.port import DisputeStatus, PaymentStatus, ProviderUnknown
from keepline.ledger import services as ledger
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments import disputes, refunds
from keepline.payments import queries as payment_queries
from keepline.payments.models import Payment, Refund

ACTION = "payment.disputed"
ASK_AGAIN = timedelta(days=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)  # after silences
SETTLED = orders.FINAL | {OrderState.PENDING}  # else the network may yet take or leave the money


def follow_disputes(order_id: UUID, now: datetime, told: bool = False) -> bool:
    """Asks and books; False: it is asked again later, or there is more to do.

    Payments of which nobody said so are not asked about, unless the caller was `told` just now, by
    a comparison of the books.
    """
    payment = payment_queries.of_order(order_id)
    if payment is None or payment.state != PaymentState.CAPTURED:
        return True
    if not (told or payment.disputes_due):
        return True
    seen = order_queries.by_id(order_id)
    if seen.state not in SETTLED:
        return False
    sent = refunds.refunded(order_id)  # what is booked while we ask may be younger than the answer
    try:
        with network_step("follow_disputes.ask"):
            status = switchboard.payments(payment.provider).ask(
                payment.id, payment.provider_payment_id
            )
    except ProviderUnknown:
        orders.look_later(seen, now + doubled(FIRST_PAUSE, seen.attempts, LONGEST_PAUSE))
        return False
    with transaction_step("follow_disputes.book"):
        return _book(seen, status, sent, told, now)


def look_if_told(order: Order, payment: Payment | None, now: datetime) -> None:
    """An order that ends keeps its due instant when a webhook spoke of its payment before.

    The caller holds the locks of order and payment.
    """
    if payment is not None and payment.disputes_due and order.state in orders.FINAL:
        orders.look_again(order, now, attempts=0)


def _book(
    seen: Order, status: PaymentStatus, sent: Sequence[Refund], told: bool, now: datetime
) -> bool:
    if lock_case(seen.id).order.state not in SETTLED:  # staff let it pass while the bank was asked
        return False
    _note_bounced_refunds(seen, status, sent, now)  # first: what is back can be disputed
    _note_made_refunds(seen.id, status, now)
    ended = _end_review(seen.id, status, now)
    found = sorted(status.disputes.values(), key=lambda each: each.dispute_id)
    on_their_way = [each.refund_id for each in status.refunds.values() if each.status == "pending"]
    states = [_one(seen.id, each, on_their_way, now) for each in found]
    still_open = DisputeState.OPEN in states
    case = lock_case(seen.id)
    assert case.payment is not None, "it is disputed"
    disputes.ask_about(case.payment, due=still_open)
    if still_open:
        orders.look_later(seen, now + ASK_AGAIN, attempts=0)
        return False
    adopt_refund(seen.id, status, now)
    case = lock_case(seen.id)
    assert case.payment is not None, "it is asked about"
    if not told:  # else a comparison of the books is under way, and names it
        name_refund_not_booked(case.payment, status, now)
    return not (_refunds_go_on(case.order, case.payment, now) or ended)


def _note_bounced_refunds(
    seen: Order, status: PaymentStatus, sent: Sequence[Refund], now: datetime
) -> None:
    """What the provider gave back, and has again because nobody took it."""
    for asked in sent:
        answer = status.refunds.get(asked.id)
        if answer is None or answer.status != "refused" or not asked.by_provider_minor:
            continue
        ledger.lock_wallet_of(seen.account_id, asked.sent_currency)
        case, refund = lock_case(seen.id), refunds.by_id(asked.id)
        if refund and case.payment and refund.state == RefundState.REFUNDED:
            bounced(case.order, case.payment, refund, answer.code, now)


def _note_made_refunds(order_id: UUID, status: PaymentStatus, now: datetime) -> None:
    """What the provider gave back, without our having heard its answer, no bank takes any more."""
    case = lock_case(order_id)
    assert case.payment is not None, "it is disputed"
    for refund in refunds.sending(order_id):
        made = status.refunds.get(refund.id)
        if made is not None and made.status == "refunded" and not refund.by_bank_minor:
            given_back(case.order, case.payment, refund, now)


def _end_review(order_id: UUID, status: PaymentStatus, now: datetime) -> bool:
    """Money that a bank has taken is not looked at: it is the bank that gives it back."""
    case = lock_case(order_id)
    if case.order.state != OrderState.PENDING or not status.disputed_minor:
        return False
    give_back(case.order, case.payment, OrderEvent.REJECT, "payment_disputed", now)
    return True


def _one(
    order_id: UUID, told: DisputeStatus, on_their_way: Collection[UUID], now: datetime
) -> DisputeState:
    """Reads the case anew for each step: the one before may have moved line and wallet."""
    case = lock_case(order_id)
    assert case.payment is not None, "it is disputed"
    dispute = disputes.by_id(disputes.dispute_id_of(case.payment.id, told.dispute_id))
    if dispute is None:
        dispute = open_dispute(case, case.payment, told, on_their_way, now)
        case = lock_case(order_id)
    decided = dispute.state == DisputeState.OPEN and told.status != "open"
    won = told.status == "won"
    # A sale that has no receipt yet is not scheduled, and nothing can be taken out of it.
    unscheduled = case.order.state == OrderState.COMPLETED and case.order.receipt_number is None
    if decided and case.payment and (won or not unscheduled):
        close_dispute(case, case.payment, dispute, won, now)
    return DisputeState(dispute.state)


def _refunds_go_on(order: Order, payment: Payment, now: datetime) -> bool:
    """All is decided: refunds that the bank has paid are over, the others are due."""
    waiting = refunds.sending(order.id)
    for refund in waiting:
        if not refund.by_provider_minor:
            given_back(order, payment, refund, now)
    due = any(refund.by_provider_minor for refund in waiting)
    if due:
        orders.look_again(order, now, attempts=0)
    return due
