"""`payment.disputed`: what a payer's bank takes back is seen, booked, and followed to its end.

A webhook, or a comparison of the books, only says that something is disputed; the provider tells
what. While a dispute is open it is asked once a day.

    N  follow_disputes.ask     what does the provider hold to be true
    T  follow_disputes.book    opened: clearing -> disputed, the line rests; won: back again;
                               lost: out of the sale, and its service ends
"""

from datetime import datetime, timedelta
from uuid import UUID

from keepline.core.lifecycle.dispute import DisputeState
from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.flows.disputing.booking import close_dispute, open_dispute
from keepline.flows.refunding.standing import lock_case
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.payments.port import DisputeStatus, PaymentStatus, ProviderUnknown
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.payments import disputes
from keepline.payments import queries as payment_queries

ACTION = "payment.disputed"
ASK_AGAIN = timedelta(days=1)


def follow_disputes(order_id: UUID, now: datetime, told: bool = False) -> bool:
    """Asks and books; False: it is asked again later.

    Payments of which nobody said that they are disputed are not asked about, unless the caller was
    `told` just now.
    """
    payment = payment_queries.of_order(order_id)
    if payment is None or payment.state != PaymentState.CAPTURED:
        return True
    if not (told or payment.disputes_due):
        return True
    seen = order_queries.by_id(order_id)
    if seen.state not in orders.FINAL:  # first it is settled who has the money
        return False
    try:
        with network_step("follow_disputes.ask"):
            status = switchboard.payments(payment.provider).ask(
                payment.id, payment.provider_payment_id
            )
    except ProviderUnknown:
        orders.look_later(seen, now + timedelta(seconds=15) * 2 ** min(seen.attempts, 8))
        return False
    with transaction_step("follow_disputes.book"):
        still_open = _book(order_id, status, now)
        if still_open:
            orders.look_later(seen, now + ASK_AGAIN, attempts=0)
    return not still_open


def _book(order_id: UUID, status: PaymentStatus, now: datetime) -> bool:
    """Returns whether a dispute is still open."""
    told = sorted(status.disputes.values(), key=lambda each: each.dispute_id)
    still_open = DisputeState.OPEN in [_one(order_id, each, now) for each in told]
    payment = lock_case(order_id).payment
    assert payment is not None, "it is disputed"
    disputes.ask_about(payment, due=still_open)
    return still_open


def _one(order_id: UUID, told: DisputeStatus, now: datetime) -> DisputeState:
    """Reads the case anew for each step: the one before may have moved line and wallet."""
    case = lock_case(order_id)
    assert case.payment is not None, "it is disputed"
    dispute_id = disputes.dispute_id_of(case.payment.id, told.dispute_id)
    dispute = disputes.by_id(dispute_id)
    if dispute is None:
        dispute = open_dispute(case, case.payment, dispute_id, told, now)
        case = lock_case(order_id)
    decided = dispute.state == DisputeState.OPEN and told.status != "open"
    # A sale that has no receipt yet is not scheduled, and nothing can be taken out of it.
    waits = case.order.state == OrderState.COMPLETED and case.order.receipt_number is None
    if decided and case.payment and not waits:
        close_dispute(case, case.payment, dispute, told.status == "won", now)
    return DisputeState(dispute.state)
