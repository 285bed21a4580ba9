"""core.terms.next_period for many lines at once. A test holds it to the one for one line."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from keepline.core.future.zones import Zones
from keepline.core.terms import LATENESS

__all__ = ["NONE", "Clocks", "Periods", "next_periods"]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
NONE = -(2**62)  # an instant that is not there
DAY = 24 * 3600 * 1_000_000
LATE = LATENESS // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Clocks:
    """What a period is counted from, one element a line. Instants in microseconds, or NONE.

    One of `months` and `days`, the term of the plan, is zero; `zone` is a place in `zones`.
    """

    valid_until: Ints
    anchor_at: Ints
    anchor_count: Ints
    zone: Ints
    months: Ints
    days: Ints
    from_expiry: Flags


@dataclass(frozen=True, slots=True)
class Periods:
    """What is added: as core.terms.Period, without the start."""

    end_at: Ints
    anchor_at: Ints
    anchor_count: Ints


def next_periods(zones: Zones, clocks: Clocks, now: Ints) -> Periods:
    """The period that a renewal accepted at `now` adds to each line."""
    known = clocks.valid_until != NONE
    keeps = known & ((now - clocks.valid_until <= LATE) | clocks.from_expiry)
    found = _starting(zones, clocks, np.where(keeps, clocks.valid_until, now), keeps)
    past = keeps & (found.end_at <= now)  # would buy nothing of the future
    if not past.any():
        return found
    anew = _starting(zones, clocks, now, np.zeros_like(keeps))
    return Periods(
        np.where(past, anew.end_at, found.end_at),
        np.where(past, anew.anchor_at, found.anchor_at),
        np.where(past, anew.anchor_count, found.anchor_count),
    )


def _starting(zones: Zones, clocks: Clocks, start: Ints, keeps: Flags) -> Periods:
    months, zone = clocks.months, clocks.zone
    counted = keeps & (months > 0) & (clocks.anchor_at != NONE) & (clocks.anchor_count > 0)
    anchor = np.where(counted, clocks.anchor_at, start)
    anchor_wall = zones.wall(anchor, zone)
    reach = zones.to_utc(_add_months(anchor_wall, np.where(counted, clocks.anchor_count, 0)), zone)
    counted &= reach == start
    count = np.where(counted, clocks.anchor_count, 0) + months
    anchor = np.where(counted, anchor, start)
    wall = np.where(counted, anchor_wall, zones.wall(start, zone))
    end = zones.to_utc(
        np.where(months > 0, _add_months(wall, count), wall + clocks.days * DAY), zone
    )
    return Periods(end, np.where(months > 0, anchor, end), np.where(months > 0, count, 0))


def _add_months(wall: Ints, months: Ints) -> Ints:
    """The same day of a later month at the same time, or the month's last day."""
    day = wall // DAY
    month = day.astype("M8[D]").astype("M8[M]").astype(np.int64)
    day_of_month = day - _first_day(month)
    target = month + months
    first = _first_day(target)
    longest = _first_day(target + 1) - first - 1
    later: Ints = (first + np.minimum(day_of_month, longest)) * DAY + (wall - day * DAY)
    return later


def _first_day(month: Ints) -> Ints:
    day: Ints = month.astype("M8[M]").astype("M8[D]").astype(np.int64)
    return day
