"""Writes of the outbox: put in, take to be addressed, settle."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from keepline.accounts import clocks
from keepline.core.ids import derived_id, slot_of
from keepline.slots.ids import new_id
from keepline.slots.sql import execute, fetch_all, fetch_one, write

INSERT = """
INSERT INTO messages_outbox (slot, id, kind, account_id, line_id, order_id, refund_id, occurred_at,
                             due_at, outcome, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '', '') ON CONFLICT (slot, id) DO NOTHING
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
INSERT INTO messages_outbox (slot, id, kind, account_id, line_id, occurred_at, due_at, outcome,
                             reason)
SELECT slot, id, kind, account_id, line_id, %(now)s, %(now)s, '', ''
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(kinds)s::text[], %(accounts)s::uuid[],
            %(lines)s::uuid[]) AS d(slot, id, kind, account_id, line_id)
"""


INSERT_NEW = f"{INSERT_ALL} ON CONFLICT (slot, id) DO NOTHING RETURNING id"


def put_all(events: Sequence[tuple[str, UUID, UUID]], now: datetime) -> None:
    """Writes events about lines: (kind, account, line) each. In the caller's transaction."""
    if events:
        made = [NewEvent(new_id(slot_of(event[2])), *event) for event in events]
        execute(INSERT_ALL, _columns(made, now))


class NewEvent(NamedTuple):
    """An event about a line, by an id that follows from what it tells of."""

    id: UUID
    kind: str
    account_id: UUID
    line_id: UUID


def put_new(events: Sequence[NewEvent], now: datetime) -> set[UUID]:
    """Writes those that are not there yet; their ids. In the caller's transaction."""
    if not events:
        return set()
    return {row.id for row in fetch_all(INSERT_NEW, _columns(events, now))}


def _columns(events: Sequence[NewEvent], now: datetime) -> dict[str, Any]:
    columns = zip(("ids", "kinds", "accounts", "lines"), zip(*events, strict=True), strict=True)
    slots = [slot_of(event.id) for event in events]
    return {"now": now, "slots": slots, **{name: list(values) for name, values in columns}}


def put_notice(kind: str, account_id: UUID, now: datetime) -> None:
    """Writes an event about an account itself. In the caller's transaction."""
    slot = slot_of(account_id)
    write(INSERT, (slot, new_id(slot), kind, account_id, None, None, None, now, now))


class Event(NamedTuple):
    """An event that nobody has addressed yet."""

    id: UUID
    kind: str
    account_id: UUID
    line_id: UUID | None
    order_id: UUID | None
    occurred_at: datetime


LOCK_KIND = 1_262_703_425  # "KCLA" in ASCII: the first half of the advisory lock's key

TAKE = """
SELECT m.id, m.kind, m.account_id, m.line_id, m.order_id, m.occurred_at FROM messages_outbox m
WHERE m.due_at <= %(now)s AND {of_the_clock}
ORDER BY m.due_at, m.id LIMIT %(limit)s
FOR NO KEY UPDATE OF m
"""


def take_due(now: datetime, limit: int, clock_id: int = clocks.REAL) -> list[Event]:
    """Events to be addressed, oldest first, locked until the caller's transaction ends.

    Only those of accounts that live by the clock; `now` is what it shows. None while another
    process has some: one at a time, or the second event of a line could overtake the first.
    """
    mine = fetch_one("SELECT pg_try_advisory_xact_lock(%s, %s) AS got", (LOCK_KIND, clock_id))
    if mine is None or not mine.got:
        return []
    statement = TAKE.format(of_the_clock=clocks.rows_of("m", clock_id))
    rows = fetch_all(statement, {"clock": clock_id, "now": now, "limit": limit})
    return [Event(*row) for row in rows]


class Addressed(NamedTuple):
    """What became of an event: `outcome` is addressed, not_wanted, no_address or laid_aside."""

    event_id: UUID
    outcome: str
    reason: str = ""


SETTLE = """
UPDATE messages_outbox m SET due_at = NULL, outcome = t.outcome, reason = t.reason
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(outcomes)s::text[], %(reasons)s::text[])
  AS t(slot, id, outcome, reason)
WHERE m.slot = t.slot AND m.id = t.id
"""


def settle(events: Sequence[Addressed]) -> None:
    """Puts events that the caller's transaction has taken at rest. One statement."""
    if not events:
        return
    ids, outcomes, reasons = zip(*events, strict=True)
    params = {
        "slots": [slot_of(event_id) for event_id in ids],
        "ids": list(ids),
        "outcomes": list(outcomes),
        "reasons": [reason[:200] for reason in reasons],
    }
    execute(SETTLE, params)
