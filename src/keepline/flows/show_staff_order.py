"""Reads one order for staff: as its holder sees it, with its bookings and all its refunds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.core.transfer_ids import transfer_ids
from keepline.flows.errors import FlowRefused
from keepline.flows.refunding.standing import read_case, refundable
from keepline.flows.show_order import OrderView, show_order
from keepline.ledger import queries as ledger
from keepline.ledger.queries import Booking
from keepline.payments import disputes, refunds
from keepline.payments.models import Dispute, Refund


@dataclass(frozen=True, slots=True)
class StaffOrderView:
    """`left_minor`: the most that can be given back; 0 with `refused`, which says why.

    `method_left_minor` of it can go back the way it came; `has_term`: the order's term still
    stands, so that a refund may end it.
    """

    view: OrderView
    bookings: Sequence[Booking]
    refunds: Sequence[Refund]
    disputes: Sequence[Dispute]
    left_minor: int
    method_left_minor: int
    has_term: bool
    refused: FlowRefused | None


def show_staff_order(order_id: UUID, now: datetime) -> StaffOrderView:
    """Raises FlowRefused("not_found")."""
    case = read_case(order_id)
    order = case.order
    view = show_order(order.id, order.account_id, clocks.now_for(order.account_id, now))
    all_refunds = refunds.of_order(order.id)
    all_disputes = disputes.of_order(order.id)
    booked_ids = transfer_ids(
        order.id, [each.id for each in all_refunds], [each.id for each in all_disputes]
    )
    left = method_left = 0
    has_term, refused = False, None
    try:
        standing = refundable(case)
        left, method_left = standing.left_minor, standing.method_left_minor
        has_term = standing.period is not None
    except FlowRefused as refusal:
        refused = refusal
    return StaffOrderView(
        view=view,
        bookings=ledger.bookings_among(order.slot, booked_ids),
        refunds=all_refunds,
        disputes=all_disputes,
        left_minor=left,
        method_left_minor=method_left,
        has_term=has_term,
        refused=refused,
    )
