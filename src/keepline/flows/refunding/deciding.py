"""What the decisions of staff share: the reason, which the audit keeps for good, and its event."""

from datetime import datetime
from typing import Any, Final

from keepline.audit import services as audit
from keepline.flows.errors import FlowRefused
from keepline.orders.models import Order

LONGEST_REASON: Final = 200


def checked_reason(reason: str, needed: bool = True) -> str:
    """The reason as it is kept. Raises FlowRefused reason_missing for none, where one is `needed`,
    and for one that is too long."""
    reason = reason.strip()
    if len(reason) > LONGEST_REASON or (needed and not reason):
        raise FlowRefused("reason_missing")
    return reason


def record_decision(
    action: str, order: Order, reason: str, actor: str, now: datetime, **facts: Any
) -> None:
    """What was decided about an order. In the caller's transaction."""
    audit.record(
        action,
        actor=actor,
        now=now,
        account_id=order.account_id,
        subject_id=order.id,
        reason=reason,
        facts=facts,
    )
