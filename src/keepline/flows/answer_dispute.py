"""`payment.dispute_answered`: staff send a payer's bank what proves the sale.

N  answer_dispute.send    once; the provider passes it on
T  answer_dispute.sent    kept as it was sent, with who sent it
"""

from datetime import datetime
from uuid import UUID

from keepline.audit import services as audit
from keepline.core.lifecycle.dispute import DisputeState
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.payments.port import ProviderRefused, ProviderUnknown
from keepline.orders import services as orders
from keepline.payments import disputes
from keepline.payments.models import Dispute

ACTION = "payment.dispute_answered"
LONGEST_EVIDENCE = 20_000


def answer_dispute(dispute_id: UUID, evidence: str, actor: str, now: datetime) -> Dispute:
    """Sends the evidence; the same text twice is one answer. Raises FlowRefused."""
    dispute, text = disputes.by_id(dispute_id), evidence.strip()
    if dispute is None:
        raise FlowRefused("not_found")
    if not 0 < len(text) <= LONGEST_EVIDENCE:
        raise FlowRefused("evidence_refused")
    if dispute.answered_at is not None and dispute.evidence == text:
        return dispute
    if dispute.state != DisputeState.OPEN or dispute.answered_at is not None:
        raise FlowRefused("dispute_closed")
    was_tried = dispute.evidence == text
    with transaction_step("answer_dispute.noted"):
        orders.lock_order(dispute.order_id)
        disputes.note_evidence(dispute, text)
    try:
        with network_step("answer_dispute.send"):
            switchboard.payments(dispute.provider).answer_dispute(dispute.provider_dispute_id, text)
    except ProviderUnknown:
        raise FlowRefused("provider_silent") from None
    except ProviderRefused:
        if not was_tried:
            raise FlowRefused("evidence_refused") from None
    with transaction_step("answer_dispute.sent"):
        orders.lock_order(dispute.order_id)
        disputes.note_answer(dispute, actor, now)
        audit.record(
            ACTION,
            actor=actor,
            now=now,
            account_id=dispute.account_id,
            subject_id=dispute.id,
            facts={"order_id": str(dispute.order_id)},
        )
    return disputes.by_id(dispute_id) or dispute
