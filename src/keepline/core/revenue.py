"""Revenue over the term, as changes of a daily rate. The algorithm is docs/revenue.md.

Days are dates of UTC. `scheduled_minor` is the area under the steps that are still ahead.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

__all__ = ["Sold", "TakenBack", "changes_of_sale", "days_of", "scheduled_minor", "take_back"]

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


@dataclass(frozen=True, slots=True)
class Sold:
    """A sale as it was entered: `entered_on` was the first day not booked yet.

    `net_minor`: what was sold, less what went back of it before, without tax.
    """

    net_minor: int
    period_start: datetime
    period_end: datetime
    entered_on: date

    def changes(self, net_minor: int) -> dict[date, int]:
        """What it would have been entered as, had it been sold for `net_minor`."""
        return changes_of_sale(net_minor, self.period_start, self.period_end, self.entered_on)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Where the net of a refund comes from, and how it changes what is still to be earned.

    `earned_minor`: what was still to be earned, and is the house's now that the service has ended.
    """

    changes: dict[date, int]
    deferred_minor: int
    revenue_minor: int
    earned_minor: int


def take_back(sold: Sold, back_minor: int, last_booked: date, ends: bool) -> TakenBack:
    """`back_minor` of a sale's net goes back, and its service `ends` or stays.

    If it stays, the rest is earned as though it had been sold for less from the first. If it ends,
    nothing is left to be earned.
    """
    was = sold.changes(sold.net_minor)
    kept = {} if ends else sold.changes(sold.net_minor - back_minor)
    released = scheduled_minor(was, last_booked) - scheduled_minor(kept, last_booked)
    deferred = min(released, back_minor)
    return TakenBack(
        changes=_in_place_of(was, kept, last_booked + DAY),
        deferred_minor=deferred,
        revenue_minor=back_minor - deferred,
        earned_minor=released - deferred,
    )


def _in_place_of(
    was: Mapping[date, int], kept: Mapping[date, int], open_from: date
) -> dict[date, int]:
    """What must still change; what has happened already is set right on the first open day."""
    changes: dict[date, int] = defaultdict(int)
    for sign, schedule in ((1, kept), (-1, was)):
        for day, change in schedule.items():
            changes[max(day, open_from)] += sign * change
    return {day: change for day, change in sorted(changes.items()) if change}
