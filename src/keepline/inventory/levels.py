"""How full each pool is, and how long it lasts. One statement however many pools; no Django here:
`keepline doctor` asks without it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LOOKED_BACK = timedelta(days=28)  # whole weeks: every weekday counts alike

# All of a pool's rows are read: counts by state change with every sale, and an index for them
# would cost each sale more than a look costs now and then.
LEVELS = """
WITH piece AS (
  SELECT pool_id, state, until_at, taken_at, longest_until FROM inventory_number
  WHERE pool_id IS NOT NULL
  UNION ALL
  SELECT pool_id, state, until_at, taken_at, NULL FROM inventory_card
  UNION ALL
  SELECT pool_id, state, until_at, taken_at, NULL FROM inventory_profile
), counted AS (
  SELECT pool_id,
         count(*) FILTER (WHERE state = 'available') AS free,
         count(*) FILTER (WHERE state IN ('held', 'expected')) AS held,
         count(*) FILTER (WHERE state IN ('assigned', 'recall', 'blocked', 'allocated', 'linked',
           'confirmed', 'released', 'downloaded', 'installed', 'enabled', 'disabled')) AS used,
         count(*) FILTER (WHERE state = 'quarantine') AS resting,
         count(*) FILTER (WHERE state = 'quarantine' AND until_at <= %(back_until)s) AS back_soon,
         count(*) FILTER (WHERE state IN ('retired', 'ported_out', 'deleted', 'error',
           'unavailable')) AS gone,
         count(*) FILTER (WHERE taken_at > %(taken_since)s) AS taken,
         count(*) FILTER (WHERE state = 'quarantine' AND longest_until IS NOT NULL) AS written_to
  FROM piece GROUP BY pool_id
)
SELECT p.code, p.kind, coalesce(c.name, '') AS carrier, p.country, p.low_count, p.low_days,
       coalesce(free, 0) AS free, coalesce(held, 0) AS held, coalesce(used, 0) AS used,
       coalesce(resting, 0) AS resting, coalesce(back_soon, 0) AS back_soon,
       coalesce(gone, 0) AS gone, coalesce(taken, 0) AS taken,
       coalesce(written_to, 0) AS written_to
FROM inventory_pool p
LEFT JOIN catalog_carrier c ON c.id = p.carrier_id
LEFT JOIN counted ON counted.pool_id = p.id
ORDER BY p.kind, p.code
"""


@dataclass(frozen=True, slots=True)
class Level:
    """One pool. Counts of pieces; the fields stand as LEVELS names its columns.

    `back_soon`: of `resting`, those that are free again within 28 days. `taken`: sold from the
    pool in the last 28 days. `written_to`: of `resting`, those whose release was put off because
    messages for them still came.
    """

    code: str
    kind: str
    carrier: str
    country: str
    low_count: int | None
    low_days: int | None
    free: int
    held: int
    used: int
    resting: int
    back_soon: int
    gone: int
    taken: int
    written_to: int = 0

    @property
    def total(self) -> int:
        """All pieces that were ever in it."""
        return self.free + self.held + self.used + self.resting + self.gone

    @property
    def days_left(self) -> int | None:
        """Whole days until it is empty, if as many are taken a day as lately; None: never."""
        if self.free == 0:
            return 0
        return self.free * LOOKED_BACK.days // self.taken if self.taken else None

    @property
    def is_low(self) -> bool:
        """Below either of its marks."""
        days = self.days_left
        few = self.low_count is not None and self.free < self.low_count
        soon = self.low_days is not None and days is not None and days < self.low_days
        return few or soon


def params(now: datetime) -> dict[str, Any]:
    """What LEVELS decides by."""
    return {"taken_since": now - LOOKED_BACK, "back_until": now + LOOKED_BACK}
