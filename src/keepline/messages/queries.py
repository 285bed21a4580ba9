"""Reads of the outbox and of deliveries."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.messages.models import Delivery, Outbox
from keepline.slots.sql import fetch_one


def events_among(event_ids: Collection[UUID]) -> dict[UUID, Outbox]:
    """Events by id. One query."""
    return {event.id: event for event in Outbox.objects.among(event_ids)}


def delivery(delivery_id: UUID) -> Delivery | None:
    """None for an id that is none of ours."""
    found: Delivery | None = Delivery.objects.find(delivery_id)
    return found


NEXT_DUE = """
SELECT min(due_at) AS due_at FROM (
  (SELECT m.due_at FROM messages_outbox m WHERE m.due_at IS NOT NULL AND {events}
   ORDER BY m.due_at LIMIT 1)
  UNION ALL
  (SELECT d.due_at FROM messages_delivery d WHERE d.due_at IS NOT NULL AND {deliveries}
   ORDER BY d.due_at LIMIT 1)
) AS next
"""


def next_due(clock_id: int) -> datetime | None:
    """When the first event or delivery of a clock's accounts is due; None when all rest."""
    statement = NEXT_DUE.format(
        events=clocks.rows_of("m", clock_id), deliveries=clocks.rows_of("d", clock_id)
    )
    row = fetch_one(statement, {"clock": clock_id})
    return row.due_at if row else None
