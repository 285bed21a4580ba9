"""Counts the webhooks that were not believed, by provider and day (UTC)."""

from datetime import datetime

from keepline.slots.sql import execute

COUNT = """
INSERT INTO payments_refusedwebhooks AS counted (provider, refused_on, count, last_at)
VALUES (%(provider)s, %(today)s, 1, %(now)s)
ON CONFLICT (provider, refused_on) DO UPDATE
SET count = counted.count + 1, last_at = excluded.last_at
"""


def count_one(provider: str, now: datetime) -> None:
    """One more, of which nothing else is kept."""
    execute(COUNT, {"provider": provider, "today": now.date(), "now": now})
