"""Lists refunds that wait for a second person of staff."""

from collections.abc import Sequence
from dataclasses import dataclass

from keepline.orders import queries as orders
from keepline.orders.models import Order
from keepline.payments import refunds
from keepline.payments.models import Refund

SHOWN = 50


@dataclass(frozen=True, slots=True)
class WaitingRefund:
    """A refund, and the order of which it is."""

    refund: Refund
    order: Order


def list_refunds() -> Sequence[WaitingRefund]:
    """The longest waiting first. Two queries."""
    waiting = refunds.requested(SHOWN)
    found = orders.by_ids([refund.order_id for refund in waiting])
    return [WaitingRefund(refund, found[refund.order_id]) for refund in waiting]
