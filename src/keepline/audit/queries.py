"""Reads of the audit trail."""

from collections.abc import Sequence

from keepline.audit.models import AuditEvent


def latest(action: str, limit: int) -> Sequence[AuditEvent]:
    """The newest acts of one kind outside any account, newest first."""
    rows = AuditEvent.objects.filter(slot=0, account_id__isnull=True, action=action)
    return list(rows.order_by("-id")[:limit])
