"""Writes of the outbox: put in, claim, settle."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from keepline.core.ids import derived_id, slot_of
from keepline.messages.models import Outbox
from keepline.slots.sql import fetch_all, write

INSERT = """
INSERT INTO messages_outbox (slot, id, kind, account_id, line_id, order_id, occurred_at, due_at,
                             attempts, outcome, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 0, '', '') ON CONFLICT (slot, id) DO NOTHING
"""


def put(kind: str, account_id: UUID, line_id: UUID | None, order_id: UUID, now: datetime) -> None:
    """Writes an event about an order into the outbox, in the caller's transaction."""
    write(
        INSERT,
        (
            slot_of(order_id),
            derived_id(order_id, f"outbox:{kind}"),
            kind,
            account_id,
            line_id,
            order_id,
            now,
            now,
        ),
    )


CLAIM = """
WITH due AS (
  SELECT slot, id FROM messages_outbox
  WHERE due_at <= %(now)s AND slot BETWEEN %(first_slot)s AND %(last_slot)s
  ORDER BY due_at LIMIT %(limit)s
  FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE messages_outbox o SET due_at = %(leased_until)s, attempts = least(o.attempts + 1, 30000)
FROM due
WHERE o.slot = due.slot AND o.id = due.id AND o.slot BETWEEN %(first_slot)s AND %(last_slot)s
RETURNING o.id
"""


def claim_due(
    now: datetime, limit: int, lease: timedelta, slots: tuple[int, int] = (0, 255)
) -> Sequence[UUID]:
    """Takes due events for one worker; what it does not settle comes back after `lease`."""
    with transaction.atomic():
        rows = fetch_all(
            CLAIM,
            {
                "now": now,
                "limit": limit,
                "leased_until": now + lease,
                "first_slot": slots[0],
                "last_slot": slots[1],
            },
        )
    return [row.id for row in rows]


def settle(event_id: UUID, outcome: str, reason: str = "") -> None:
    """The event is at rest: sent, no_address or laid_aside."""
    Outbox.objects.filter(slot=slot_of(event_id), id=event_id).update(
        due_at=None, outcome=outcome, reason=reason[:200]
    )


def try_later(event_id: UUID, at: datetime, reason: str) -> None:
    """The channel did not take it; it is tried again at `at`."""
    Outbox.objects.filter(slot=slot_of(event_id), id=event_id).update(
        due_at=at, reason=reason[:200]
    )
