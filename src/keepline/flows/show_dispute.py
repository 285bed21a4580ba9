"""Reads one dispute for staff, with its order and the evidence that could be sent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.flows.disputing.evidence import evidence_of
from keepline.flows.errors import FlowRefused
from keepline.flows.show_order import OrderView, show_order
from keepline.payments import disputes
from keepline.payments.models import Dispute


@dataclass(frozen=True, slots=True)
class DisputeView:
    """`evidence`: what was sent, or what could be."""

    dispute: Dispute
    order: OrderView
    evidence: str


def show_dispute(dispute_id: UUID, now: datetime) -> DisputeView:
    """Raises FlowRefused("not_found")."""
    dispute = disputes.by_id(dispute_id)
    if dispute is None:
        raise FlowRefused("not_found")
    at = clocks.now_for(dispute.account_id, now)
    view = show_order(dispute.order_id, dispute.account_id, at)
    return DisputeView(dispute, view, dispute.evidence or evidence_of(view))
