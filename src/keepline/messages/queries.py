"""Reads of the outbox."""

from uuid import UUID

from keepline.core.ids import slot_of
from keepline.messages.models import Outbox


def by_id(event_id: UUID) -> Outbox | None:
    """One event, or None when it was never written."""
    event: Outbox | None = Outbox.objects.filter(slot=slot_of(event_id), id=event_id).first()
    return event


def sent_to(account_id: UUID, limit: int) -> list[Outbox]:
    """The newest events of an account, newest first."""
    rows = Outbox.objects.filter(slot=slot_of(account_id), account_id=account_id)
    return list(rows.order_by("-id")[:limit])
