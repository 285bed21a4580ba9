"""Reads of the outbox."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.messages.models import Outbox
from keepline.slots.sql import fetch_one


def waiting_among(event_ids: Collection[UUID]) -> list[Outbox]:
    """Those of the events that are not at rest. One query."""
    return list(Outbox.objects.among(event_ids).filter(due_at__isnull=False))


NEXT_DUE = """
SELECT m.due_at FROM messages_outbox m WHERE m.due_at IS NOT NULL AND {of_the_clock}
ORDER BY m.due_at LIMIT 1
"""


def next_due(clock_id: int) -> datetime | None:
    """When the first message of a clock's accounts is due; None when all of them rest."""
    statement = NEXT_DUE.format(of_the_clock=clocks.rows_of("m", clock_id))
    row = fetch_one(statement, {"clock": clock_id})
    return row.due_at if row else None
