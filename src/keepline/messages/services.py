"""Writes of the outbox: put in, claim, settle."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from keepline.accounts import clocks
from keepline.core.ids import derived_id, slot_of
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


class Attempt(NamedTuple):
    """What one try to tell came to: `outcome` is sent, no_address or laid_aside, and the event is
    at rest; or "", and it is tried again at `again_at`."""

    event_id: UUID
    outcome: str
    reason: str = ""
    again_at: datetime | None = None


# Locked in one order, for two who have told the same. What is at rest stays so: whoever took longer
# than the lease does not send a second time what another has sent.
SETTLE = """
WITH tried AS (
  SELECT * FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(outcomes)s::text[],
                       %(reasons)s::text[], %(again)s::timestamptz[])
    AS t(slot, id, outcome, reason, again_at)
), held AS (
  SELECT slot, id FROM messages_outbox
  WHERE slot = ANY(%(slots)s::smallint[]) AND id = ANY(%(ids)s) AND due_at IS NOT NULL
  ORDER BY slot, id FOR NO KEY UPDATE
)
UPDATE messages_outbox m SET due_at = t.again_at, outcome = t.outcome, reason = t.reason
FROM held h JOIN tried t ON t.slot = h.slot AND t.id = h.id
WHERE m.slot = h.slot AND m.id = h.id
"""


def settle(attempts: Sequence[Attempt]) -> None:
    """Notes what the tries came to. In the caller's transaction; one statement."""
    if not attempts:
        return
    ids, outcomes, reasons, again = zip(*attempts, strict=True)
    execute(
        SETTLE,
        {
            "slots": [slot_of(event_id) for event_id in ids],
            "ids": list(ids),
            "outcomes": list(outcomes),
            "reasons": [reason[:200] for reason in reasons],
            "again": list(again),
        },
    )
