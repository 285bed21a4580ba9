"""`order.refund_decided`: a second person of staff allows a large refund, or does not.

T  decide_refund.allow     carried out as refund_order does it at once
T  decide_refund.reject    nothing moves
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.audit import services as audit
from keepline.core.lifecycle.refund import RefundEvent, RefundState
from keepline.core.refunds import Scope, ending
from keepline.flows.errors import FlowRefused
from keepline.flows.refunding.booking import carry_out
from keepline.flows.refunding.deciding import checked_reason
from keepline.flows.refunding.standing import Case, expiry_without, lock_case, sent_of
from keepline.flows.steps import transaction_step
from keepline.lines import reversing
from keepline.payments import refunds
from keepline.payments.models import Refund

ACTION = "order.refund_decided"


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody else decides about a refund. A no says why."""

    refund_id: UUID
    allowed: bool
    reason: str
    actor: str


def decide_refund(decision: Decision, now: datetime) -> Refund:
    """Carries the refund out, or lays it to rest; the same decision twice is one.

    The amount is the one that was asked for, whatever days have passed: the holder does not pay
    for our waiting. Raises FlowRefused; then nothing has happened.
    """
    reason = checked_reason(decision.reason, needed=not decision.allowed)
    asked = refunds.by_id(decision.refund_id)
    if asked is None:
        raise FlowRefused("not_found")
    step = "allow" if decision.allowed else "reject"
    with transaction_step(f"decide_refund.{step}"):
        case = lock_case(asked.order_id)
        refund = refunds.by_id(decision.refund_id) or asked
        if refund.state != RefundState.REQUESTED:
            return _decided(refund, decision)
        if refund.asked_by == decision.actor:
            raise FlowRefused("second_person")
        now = clocks.now_for(refund.account_id, now)
        if decision.allowed:
            _allow(case, refund, decision.actor, now)
        else:
            columns = {"decided_by": decision.actor, "decided_at": now, "answer": reason}
            refunds.transition(refund, RefundEvent.REJECT, ended_at=now, **columns)
        audit.record(
            ACTION,
            actor=decision.actor,
            now=now,
            account_id=refund.account_id,
            subject_id=refund.id,
            reason=reason,
            facts={"order_id": str(refund.order_id), "allowed": decision.allowed},
        )
    return refund


def _decided(refund: Refund, decision: Decision) -> Refund:
    was_allowed = refund.state != RefundState.REJECTED
    if (refund.decided_by, was_allowed) != (decision.actor, decision.allowed):
        raise FlowRefused("refund_decided")
    return refund


def _allow(case: Case, refund: Refund, actor: str, now: datetime) -> None:
    """Things may have changed since it was asked for: what no longer goes is refused."""
    sent = sent_of(case, refund.method_minor)
    if case.payment and sent.amount_minor > refunds.left_at_provider(case.payment):
        raise FlowRefused("refund_changed")
    if case.is_top_up and refund.amount_minor > case.free_minor:
        raise FlowRefused("refund_spent", free_minor=case.free_minor)
    ends_at = None
    if refund.scope != Scope.PART and not case.is_top_up:
        ends_at = ending(reversing.term_of(case.order.id), now)
    expiry_without(case, ends_at)
    carry_out(case, refund, ends_at, actor, now)
