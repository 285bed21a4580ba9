"""Writes of the outbox: put in, claim, settle."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from keepline.accounts import clocks
from keepline.core.ids import derived_id, slot_of
from keepline.messages.models import Outbox
from keepline.slots.ids import new_id
from keepline.slots.sql import execute, fetch_all, write

INSERT = """
INSERT INTO messages_outbox (slot, id, kind, account_id, line_id, order_id, refund_id, occurred_at,
                             due_at, attempts, outcome, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0, '', '') ON CONFLICT (slot, id) DO NOTHING
"""


def put(
    kind: str,
    account_id: UUID,
    line_id: UUID | None,
    order_id: UUID,
    now: datetime,
    refund_id: UUID | None = None,
) -> None:
    """Writes an event about an order, or one of its refunds, into the outbox.

    In the caller's transaction.
    """
    write(
        INSERT,
        (
            slot_of(order_id),
            derived_id(refund_id or order_id, f"outbox:{kind}"),
            kind,
            account_id,
            line_id,
            order_id,
            refund_id,
            now,
            now,
        ),
    )


INSERT_ALL = """
INSERT INTO messages_outbox (slot, id, kind, account_id, line_id, occurred_at, due_at, attempts,
                             outcome, reason)
SELECT slot, id, kind, account_id, line_id, %(now)s, %(now)s, 0, '', ''
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(kinds)s::text[], %(accounts)s::uuid[],
            %(lines)s::uuid[]) AS d(slot, id, kind, account_id, line_id)
"""


def put_all(events: Sequence[tuple[str, UUID, UUID]], now: datetime) -> None:
    """Writes events about lines: (kind, account, line) each. In the caller's transaction."""
    if not events:
        return
    kinds, accounts, lines = zip(*events, strict=True)
    slots = [slot_of(line) for line in lines]
    params = {
        "now": now,
        "slots": slots,
        "ids": [new_id(slot) for slot in slots],
        "kinds": list(kinds),
        "accounts": list(accounts),
        "lines": list(lines),
    }
    execute(INSERT_ALL, params)


CLAIM = """
WITH due AS (
  SELECT m.slot, m.id FROM messages_outbox m
  WHERE m.due_at <= %(now)s AND m.slot BETWEEN %(first_slot)s AND %(last_slot)s
    AND {of_the_clock}
  ORDER BY m.due_at LIMIT %(limit)s
  FOR NO KEY UPDATE OF m SKIP LOCKED
)
UPDATE messages_outbox o SET due_at = %(leased_until)s, attempts = least(o.attempts + 1, 30000)
FROM due
WHERE o.slot = due.slot AND o.id = due.id AND o.slot BETWEEN %(first_slot)s AND %(last_slot)s
RETURNING o.id
"""


def claim_due(
    now: datetime,
    limit: int,
    lease: timedelta,
    slots: tuple[int, int] = (0, 255),
    clock_id: int = clocks.REAL,
) -> Sequence[UUID]:
    """Takes due events for one worker; what it does not settle comes back after `lease`.

    Only those of accounts that live by the clock; `now` is what it shows.
    """
    with transaction.atomic():
        rows = fetch_all(
            CLAIM.format(of_the_clock=clocks.rows_of("m", clock_id)),
            {
                "clock": clock_id,
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
