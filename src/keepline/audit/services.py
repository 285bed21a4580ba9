"""The only writer of the audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

from keepline.audit.models import AuditEvent
from keepline.core.ids import slot_of
from keepline.slots.ids import new_id


def record(
    action: str,
    *,
    actor: str,
    now: datetime,
    account_id: UUID | None = None,
    subject_id: UUID | None = None,
    reason: str = "",
    facts: dict[str, Any] | None = None,
) -> AuditEvent:
    """Writes one act, in the caller's transaction. Acts outside any account lie in slot 0."""
    slot = slot_of(account_id) if account_id else 0
    event: AuditEvent = AuditEvent.objects.create(
        slot=slot,
        id=new_id(slot),
        account_id=account_id,
        actor=actor,
        action=action,
        subject_id=subject_id,
        reason=reason,
        facts=facts or {},
        occurred_at=now,
    )
    return event
