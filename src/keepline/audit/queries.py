"""Reads of the audit trail."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from keepline.audit.models import AuditEvent
from keepline.core.ids import slot_of


def latest(action: str, limit: int) -> Sequence[AuditEvent]:
    """The newest acts of one kind outside any account, newest first."""
    rows = AuditEvent.objects.filter(slot=0, account_id__isnull=True, action=action)
    return list(rows.order_by("-id")[:limit])


def last_acts(
    account_id: UUID, subject_ids: Sequence[UUID], actions: Sequence[str]
) -> dict[UUID, datetime]:
    """When one of the acts was last done to each of these of the account. One query."""
    rows = AuditEvent.objects.filter(
        slot=slot_of(account_id),
        account_id=account_id,
        subject_id__in=subject_ids,
        action__in=actions,
    )
    found = rows.values_list("subject_id").annotate(Max("occurred_at"))
    return {subject_id: last_at for subject_id, last_at in found if subject_id}


def latest_about(subject_id: UUID, account_id: UUID, limit: int) -> Sequence[AuditEvent]:
    """The newest acts of an account about one of its things, newest first."""
    rows = AuditEvent.objects.filter(
        slot=slot_of(account_id), account_id=account_id, subject_id=subject_id
    )
    return list(rows.order_by("-id")[:limit])
