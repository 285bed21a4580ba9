"""Books what a payer's bank takes, gives back or keeps, inside the caller's transaction.

The caller holds the locks of line, wallet, order and payment (refunding.standing.lock_case).
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from keepline.core import dispute_postings
from keepline.core.lifecycle.dispute import DisputeEvent
from keepline.core.lifecycle.line import LINE, LineEvent, LineState
from keepline.core.lifecycle.order import OrderState
from keepline.core.money import Money
from keepline.core.postings import TransferDraft
from keepline.core.refunds import ending
from keepline.flows.line_at_network import let_network_follow
from keepline.flows.refunding.booking import returned
from keepline.flows.refunding.standing import Case
from keepline.flows.sale import money_of, sale_of
from keepline.gateways.payments.port import DisputeStatus
from keepline.ledger import services as ledger
from keepline.lines import reversing
from keepline.lines import services as lines
from keepline.lines.interrupting import come_back
from keepline.messages import services as outbox
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments import disputes, limits, refunds
from keepline.payments.models import Dispute, Payment

ACTOR = "provider"


def open_dispute(
    case: Case,
    payment: Payment,
    told: DisputeStatus,
    on_their_way: Collection[UUID],
    now: datetime,
) -> Dispute:
    """The money is not with us for now: it is claimed, what of it lies in a wallet is held, and
    the line rests.

    Booked is no more than is left of the payment, and then of refunds that wait (not of those that
    are `on_their_way` at the provider): what exceeds that is a difference between the books, which
    reconciliation names.
    """
    order = case.order
    fits = told.currency == payment.currency
    kept = min(told.amount_minor, refunds.left_at_provider(payment)) if fits else 0
    rest = told.amount_minor - kept if fits else 0
    in_transit = refunds.leave_to_bank(payment, rest, on_their_way)
    booked = kept + in_transit
    held = min(kept, _in_wallet(case, payment))
    dispute = disputes.open_dispute(
        disputes.dispute_id_of(payment.id, told.dispute_id),
        payment,
        line_id=order.line_id,
        provider_dispute_id=told.dispute_id,
        amount_minor=told.amount_minor,
        currency=told.currency,
        booked_minor=booked,
        sale_minor=_of_the_sale(order, kept),
        held_minor=held,
        in_transit_minor=in_transit,
        reason=told.reason[:60],
        evidence_until=told.evidence_until,
        opened_at=now,
        blocks_line=_block(case, now),
    )
    sale = money_of(order, payment)
    drafts = dispute_postings.open_dispute(sale, dispute.id, payment.provider, booked)
    drafts += dispute_postings.hold_disputed(sale, dispute.id, held)
    ledger.book(order.slot, drafts, now)
    outbox.put("order.disputed", order.account_id, order.line_id, order.id, now)
    return dispute


def _in_wallet(case: Case, payment: Payment) -> int:
    """What may be held: of a top-up, and of an order without service when the provider would not
    give it back, the money lies in a wallet. A sale has none."""
    if case.order.state == OrderState.COMPLETED and not case.is_top_up:
        return 0
    if payment.currency == case.order.currency:
        return max(case.free_minor, 0)
    return max(ledger.lock_wallet_of(payment.account_id, payment.currency)[1], 0)


def _of_the_sale(order: Order, booked: int) -> int:
    """What was taken, as a part of the order in its own currency; no more than is left of it."""
    if order.state != OrderState.COMPLETED:
        return 0
    gone = refunds.given_minor(order.id) + disputes.taken_minor(order.id)
    return max(0, min(_worth(order, booked), order.total_minor - gone))


def _worth(order: Order, booked: int) -> int:
    """So much of the price was paid by what was taken, rounded down."""
    if order.exchange is None:
        return booked
    return booked * order.payment_minor // order.asked.amount_minor


def _block(case: Case, now: datetime) -> bool:
    """Rests the line, if the operator wants that; True also when another dispute does so."""
    line = case.line
    if line is None or not limits.in_force().block_disputed:
        return False
    if case.order.state != OrderState.COMPLETED:  # its money gave the line nothing
        return False
    if line.state is LineState.BLOCKED:
        return disputes.another_blocks(line.id, case.order.id)
    if LineEvent.BLOCK not in LINE.allowed(line.state):
        return False
    lines.transition(line, LineEvent.BLOCK, ACTOR, "disputed", now)
    let_network_follow([line.id], now)
    return True


def close_dispute(case: Case, payment: Payment, dispute: Dispute, won: bool, now: datetime) -> None:
    """Won, all is as before. Lost, the money is gone, and the service with it."""
    order = case.order
    line = _unblock(case, dispute, now)
    drafts = _won(case, payment, dispute, now) if won else _lost(case, payment, dispute, line, now)
    ledger.book(order.slot, drafts, now)
    kind = "order.dispute_won" if won else "order.dispute_lost"
    outbox.put(kind, order.account_id, order.line_id, order.id, now)


def _unblock(case: Case, dispute: Dispute, now: datetime) -> lines.LockedLine | None:
    line = case.line
    if line is None or not dispute.blocks_line or line.state is not LineState.BLOCKED:
        return line
    if disputes.another_blocks(line.id, dispute.id):
        return line
    come_back(line, LineEvent.UNBLOCK, ACTOR, "dispute_closed", now)
    let_network_follow([line.id], now)
    return lines.lock_line(line.id, line.account_id)


def _won(case: Case, payment: Payment, dispute: Dispute, now: datetime) -> list[TransferDraft]:
    sale = money_of(case.order, payment)
    drafts = dispute_postings.win_dispute(sale, dispute.id, payment.provider, dispute.booked_minor)
    disputes.win(dispute, payment, now)
    refunds.take_from_bank(payment, dispute.in_transit_minor)
    return drafts + dispute_postings.free_disputed(sale, dispute.id, dispute.held_minor)


def _lost(
    case: Case,
    payment: Payment,
    dispute: Dispute,
    line: lines.LockedLine | None,
    now: datetime,
) -> list[TransferDraft]:
    order, sale = case.order, money_of(case.order, payment)
    kept = dispute.booked_minor - dispute.in_transit_minor
    drafts = dispute_postings.return_by_bank(sale, dispute.id, dispute.in_transit_minor)
    if case.is_top_up or order.state != OrderState.COMPLETED:
        disputes.transition(dispute, DisputeEvent.LOSE, closed_at=now)
        drafts += dispute_postings.take_disputed(sale, dispute.id, dispute.held_minor)
        return drafts + dispute_postings.write_off(sale, dispute.id, kept - dispute.held_minor)
    # What was on its way back alone: whoever sent it has decided about the service.
    ends_at = None if dispute.in_transit_minor and not kept else _ends_at(case, now)
    back = returned(order, dispute.sale_minor, ends=ends_at is not None)
    if ends_at is not None and line is not None:
        reversing.take_back(line, order.id, dispute.id, ends_at, ACTOR, now)
        if order.delivery == "network":
            orders.look_again(order, now, attempts=0, undo_due=True)
        else:
            let_network_follow([line.id], now)
    disputes.transition(
        dispute,
        DisputeEvent.LOSE,
        closed_at=now,
        tax_minor=back.tax_minor,
        ends_service=ends_at is not None,
    )
    # What went into the wallet before is not in the sale any more: the bank took it once again.
    made_good = kept * dispute.sale_minor // max(_worth(order, kept), 1)
    taken = Money(made_good, dispute.currency)
    drafts += dispute_postings.lose_sale(sale_of(order), dispute.id, back, taken)
    return drafts + dispute_postings.write_off(sale, dispute.id, kept - made_good)


def _ends_at(case: Case, now: datetime) -> datetime | None:
    """When the order's service ends; None when it is over, or later orders stand on it."""
    ends_at = ending(reversing.term_of(case.order.id), now)
    if ends_at is None:
        return None
    pieces = reversing.last_pieces(case.order.served_line)
    return ends_at if pieces[0].order_id == case.order.id else None
