"""Numbers whose quarantine is over: claimed, or left to rest for longer.

Who decides between the two is flows.sweeping.resting; `services.release` frees them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from keepline.slots.sql import execute, fetch_all


class Rested(NamedTuple):
    """A number whose time is over, under lock; the fields stand as CLAIM names its columns.

    `line_id`: its last holder's; None: it came resting, from a file. `longest_until`: its release
    was put off before, and it may rest until then at most; None: it was not.
    """

    slot: int
    id: UUID
    e164: int
    line_id: UUID | None
    until_at: datetime
    longest_until: datetime | None


class LongerRest(NamedTuple):
    """A number that rests on, until when, and until when at most."""

    number: Rested
    until_at: datetime
    longest_until: datetime


# Whoever takes a message for it in shares its row: it is passed over, and looked at the next time.
CLAIM = """
SELECT slot, id, e164, line_id, until_at, longest_until FROM inventory_number
WHERE state = 'quarantine' AND until_at <= %(now)s
  AND (%(accounts)s::uuid[] IS NULL OR account_id = ANY(%(accounts)s))
  AND NOT coalesce(account_id = ANY(%(but)s::uuid[]), false)
ORDER BY until_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
"""


def claim_rested(
    now: datetime,
    limit: int,
    accounts: Collection[UUID] | None = None,
    but: Collection[UUID] = (),
) -> list[Rested]:
    """Locks numbers whose quarantine is over, the longest over first.

    `accounts`: only those they held last (None: everybody's); `but`: not those.
    """
    chosen = None if accounts is None else list(accounts)
    params = {"now": now, "limit": limit, "accounts": chosen, "but": list(but)}
    return [Rested(*row) for row in fetch_all(CLAIM, params)]


REST = """
UPDATE inventory_number n SET until_at = d.until_at, longest_until = d.longest_until
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(untils)s::timestamptz[],
            %(longest)s::timestamptz[]) AS d(slot, id, until_at, longest_until)
WHERE n.slot = d.slot AND n.id = d.id
"""


def rest_on(longer: Sequence[LongerRest]) -> None:
    """Puts off the release of numbers under lock. One statement, none for nobody."""
    if not longer:
        return
    params = {
        "slots": [each.number.slot for each in longer],
        "ids": [each.number.id for each in longer],
        "untils": [each.until_at for each in longer],
        "longest": [each.longest_until for each in longer],
    }
    execute(REST, params)
