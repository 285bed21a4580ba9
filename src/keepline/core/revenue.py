"""Revenue over the term, as changes of a daily rate. The algorithm is docs/revenue.md.

Days are dates of UTC. `scheduled_minor` is the area under the steps that are still ahead.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

__all__ = ["changes_of_sale", "days_of", "scheduled_minor"]

DAY = timedelta(days=1)


def days_of(period_start: datetime, period_end: datetime) -> tuple[date, int]:
    """The first day of a period, and how many days it is earned over; at least one."""
    first = period_start.astimezone(UTC).date()
    return first, max(1, (period_end.astimezone(UTC).date() - first).days)


def changes_of_sale(
    net_minor: int, period_start: datetime, period_end: datetime, open_from: date
) -> dict[date, int]:
    """How one sale changes the daily rate, by day, in minor units; none of them zero.

    `open_from` is the first day that is not booked yet: what was earned before it is earned on it.
    """
    first, days = days_of(period_start, period_end)
    rate, rest = divmod(net_minor, days)
    past = min(max(0, (open_from - first).days), days)
    changes: dict[date, int] = defaultdict(int)
    if past < days:
        changes[first + past * DAY] += rate + (past < rest)
        changes[first + days * DAY] -= rate
        if past < rest:
            changes[first + rest * DAY] -= 1
    late_minor = past * rate + min(past, rest)
    changes[open_from] += late_minor
    changes[open_from + DAY] -= late_minor
    return {day: change for day, change in sorted(changes.items()) if change}


def scheduled_minor(changes: Mapping[date, int], last_booked: date) -> int:
    """What the changes after `last_booked` leave to be earned, the rate before them included."""
    return -sum(
        change * ((day - last_booked).days - 1)
        for day, change in changes.items()
        if day > last_booked
    )
