"""What lies on the shelves for buyers to see: which pools have any, which numbers are free.

Reads alone, and promises nothing: what is shown here may be gone before it is held.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from keepline.core.lifecycle.number import NumberState
from keepline.inventory import queries
from keepline.slots.sql import fetch_all

LOOKED_AT = 200  # free numbers of a pool among which a buyer is shown some

_ANY = """EXISTS (SELECT FROM {table} i WHERE i.pool_id = p.id AND i.state = 'available')
  OR EXISTS (SELECT FROM {table} i
             WHERE i.pool_id = p.id AND i.state = 'held' AND i.until_at <= %(now)s)"""
POOLS = f"""
SELECT p.id, p.kind, p.code, p.carrier_id, p.country,
       CASE p.kind WHEN 'number' THEN {_ANY.format(table="inventory_number")}
                   WHEN 'card' THEN {_ANY.format(table="inventory_card")}
                   ELSE {_ANY.format(table="inventory_profile")} END AS stocked
FROM inventory_pool p ORDER BY p.code
"""  # noqa: S608  names of our own tables
FREE = """
SELECT n.e164, p.id AS pool_id, n.rested_since FROM unnest(%(pools)s::int[]) AS p(id)
CROSS JOIN LATERAL (
  SELECT e164, rested_since FROM inventory_number WHERE pool_id = p.id AND state = 'available'
  ORDER BY pool_id, rested_since ASC NULLS FIRST, e164 LIMIT %(looked_at)s) n
"""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A pool, and whether anything of it could be held right now."""

    id: int
    kind: str
    code: str
    carrier_id: int | None
    country: str
    stocked: bool


def shelves(now: datetime) -> list[Shelf]:
    """Every pool. One query."""
    return [Shelf(*row) for row in fetch_all(POOLS, {"now": now})]


def serving(
    among: Iterable[Shelf], kind: str, carriers: Collection[int], countries: Collection[str]
) -> list[Shelf]:
    """Those that serve a plan with these carriers behind it, as `queries.pools_for`, in its order.

    Empty: it names none.
    """
    fit = [
        shelf
        for shelf in among
        if shelf.kind == kind
        and (shelf.carrier_id is None or shelf.carrier_id in carriers)
        and (shelf.country == "" or not countries or shelf.country in countries)
    ]
    return sorted(fit, key=_most_said_first)


def most_fitting(among: Sequence[Shelf]) -> list[Shelf]:
    """Of `serving`: those that say as much as the first that has any. Empty: nothing is there."""
    stocked = [shelf for shelf in among if shelf.stocked]
    return [s for s in stocked if _most_said_first(s)[:2] == _most_said_first(stocked[0])[:2]]


def _most_said_first(shelf: Shelf) -> tuple[bool, bool, str]:
    return shelf.carrier_id is None, shelf.country == "", shelf.code


def free_among(
    pools: Collection[int], account_id: UUID, count: int, page: int = 0
) -> list[tuple[int, int, datetime | None]]:
    """A few free numbers of those that lay free longest: E.164, pool, and when their last holder
    went (None: nobody had it). `page`: another few.

    Other ones for each account, as `queries.free_numbers`; behind the last page the first comes
    again. One query.
    """
    rows = fetch_all(FREE, {"pools": list(pools), "looked_at": LOOKED_AT})
    mixed = sorted(rows, key=lambda row: sha256(account_id.bytes + str(row.e164).encode()).digest())
    pages = max(1, -(-len(mixed) // count))
    first = page % pages * count
    return [(row.e164, row.pool_id, row.rested_since) for row in mixed[first : first + count]]


def kept_until(e164: int, account_id: UUID, now: datetime) -> tuple[int, datetime] | None:
    """Pool and end of a buyer's hold on a number, None when it is not theirs now. One query."""
    number = queries.number(e164)
    if number is None or number.state != NumberState.HELD or number.account_id != account_id:
        return None
    if number.line_id is not None or number.until_at is None or number.until_at <= now:
        return None
    return number.pool_id or 0, number.until_at
