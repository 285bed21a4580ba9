"""Reads of the outbox."""

from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.core.ids import slot_of
from keepline.messages.models import Outbox
from keepline.slots.sql import fetch_one


def by_id(event_id: UUID) -> Outbox | None:
    """One event, or None when it was never written."""
    event: Outbox | None = Outbox.objects.filter(slot=slot_of(event_id), id=event_id).first()
    return event


NEXT_DUE = """
SELECT m.due_at FROM messages_outbox m WHERE m.due_at IS NOT NULL AND {of_the_clock}
ORDER BY m.due_at LIMIT 1
"""


def next_due(clock_id: int) -> datetime | None:
    """When the first message of a clock's accounts is due; None when all of them rest."""
    statement = NEXT_DUE.format(of_the_clock=clocks.rows_of("m", clock_id))
    row = fetch_one(statement, {"clock": clock_id})
    return row.due_at if row else None
