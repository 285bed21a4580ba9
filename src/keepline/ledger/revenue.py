"""Revenue over the term: its schedule and its bookings (docs/revenue.md)."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from keepline.core.ids import make_id
from keepline.core.postings import HouseCode, TransferCode, house_account_id
from keepline.slots.sql import execute, fetch_all, fetch_one

ONLY = 1  # the one row of ledger_revenuebooking
EPOCH = date(1970, 1, 1)
DAY_MS = 86_400_000


class Change(NamedTuple):
    """One plan's daily revenue changes on one day, by minor units of `currency`."""

    slot: int
    plan_id: int
    currency: str
    day: date
    delta_minor: int


def lock_last_booked(today: date) -> date:
    """The last day that is booked, locked until commit; at the start the day before `today`."""
    execute(
        "INSERT INTO ledger_revenuebooking (id, last_booked_on) VALUES (%s, %s)"
        " ON CONFLICT (id) DO NOTHING",
        (ONLY, today - timedelta(days=1)),
    )
    row = fetch_one(
        "SELECT last_booked_on FROM ledger_revenuebooking WHERE id = %s FOR NO KEY UPDATE", (ONLY,)
    )
    assert row is not None
    found: date = row.last_booked_on
    return found


def last_booked() -> date | None:
    """The same without a lock; None before the first sale."""
    row = fetch_one("SELECT last_booked_on FROM ledger_revenuebooking WHERE id = %s", (ONLY,))
    return row.last_booked_on if row else None


ENTER = """
INSERT INTO ledger_revenueslope AS kept (slot, plan_id, currency, day, delta_minor)
SELECT c.slot, c.plan_id, c.currency, c.day, sum(c.delta_minor)::bigint
FROM unnest(%(slots)s::smallint[], %(plans)s::int[], %(currencies)s::text[], %(days)s::date[],
            %(deltas)s::bigint[]) AS c(slot, plan_id, currency, day, delta_minor)
GROUP BY c.day, c.slot, c.plan_id, c.currency ORDER BY c.day, c.slot, c.plan_id, c.currency
ON CONFLICT (day, slot, plan_id, currency)
DO UPDATE SET delta_minor = kept.delta_minor + excluded.delta_minor
"""


def enter(changes: Sequence[Change]) -> None:
    """Adds changes to the schedule. The caller holds the lock of `lock_last_booked`."""
    if not changes:
        return
    slots, plans, currencies, days, deltas = zip(*changes, strict=True)
    execute(
        ENTER,
        {
            "slots": list(slots),
            "plans": list(plans),
            "currencies": list(currencies),
            "days": list(days),
            "deltas": list(deltas),
        },
    )


# In two: a row that is new must not be below zero, not even on the way into its conflict.
NEW_RATES = """
INSERT INTO ledger_revenuerate (slot, plan_id, currency, rate_minor)
SELECT slot, plan_id, currency, 0 FROM ledger_revenueslope WHERE day = %(day)s
ON CONFLICT (slot, plan_id, currency) DO NOTHING
"""
MOVE_RATES = """
UPDATE ledger_revenuerate r SET rate_minor = r.rate_minor + s.delta_minor
FROM ledger_revenueslope s
WHERE s.day = %(day)s AND r.slot = s.slot AND r.plan_id = s.plan_id AND r.currency = s.currency
"""
BOOK = """
INSERT INTO ledger_transfer (slot, id, debit_id, credit_id, amount_minor, currency, code, phase,
                             booked_at)
SELECT d.slot, d.id, d.debit_id, d.credit_id, d.amount_minor, d.currency, %(code)s::smallint,
       'single', %(booked_at)s
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(debits)s::uuid[], %(credits)s::uuid[],
            %(amounts)s::bigint[], %(currencies)s::text[])
  AS d(slot, id, debit_id, credit_id, amount_minor, currency)
ON CONFLICT (slot, id) DO NOTHING
"""


def book_day(day: date, booked_at: datetime) -> int:
    """Books one day, the one after the last that was booked; returns how many transfers.

    The caller holds the lock of `lock_last_booked`.
    """
    execute(NEW_RATES, {"day": day})
    execute(MOVE_RATES, {"day": day})
    rows = fetch_all(
        "SELECT slot, plan_id, currency, rate_minor FROM ledger_revenuerate WHERE rate_minor > 0"
    )
    execute(
        BOOK,
        {
            "slots": [row.slot for row in rows],
            "ids": [_transfer_id(row.slot, row.plan_id, row.currency, day) for row in rows],
            "debits": [_house(HouseCode.DEFERRED_REVENUE, row.currency) for row in rows],
            "credits": [_house(HouseCode.REVENUE, row.currency) for row in rows],
            "amounts": [row.rate_minor for row in rows],
            "currencies": [row.currency for row in rows],
            "code": int(TransferCode.RECOGNITION),
            "booked_at": booked_at,
        },
    )
    execute("UPDATE ledger_revenuebooking SET last_booked_on = %s WHERE id = %s", (day, ONLY))
    return len(rows)


def _transfer_id(slot: int, plan_id: int, currency: str, day: date) -> UUID:
    """The id of a day's revenue follows from what it is."""
    digest = hashlib.sha256(f"revenue:{plan_id}:{currency}:{day}".encode()).digest()
    return make_id(slot, (day - EPOCH).days * DAY_MS, int.from_bytes(digest[:8]))


def _house(code: HouseCode, currency: str) -> UUID:
    return house_account_id(code, currency)
