"""Terms and periods. docs/time.md tells the algorithm in prose, with a table of examples.

A term is counted in the line's own zone, which is frozen with the line. A month is never added to
the month before: the n-th end is anchor + n months, clamped to the month's end, so 31 January
comes back to 31 March. Days and weeks are local days at the same wall time.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

__all__ = ["LATENESS", "GraceRule", "Period", "Term", "TermError", "add_terms", "next_period"]

# The clock's worker comes a little after the instant itself: so little is no lapse.
LATENESS = timedelta(hours=1)
DAYS_IN_400_YEARS = 146_097
GraceRule = Literal["from_payment", "from_expiry"]
_SHAPE = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,3})W)?(?:(\d{1,4})D)?", re.ASCII)


class TermError(ValueError):
    """Not a term: ISO 8601 years and months, or weeks and days, above zero."""


@dataclass(frozen=True, slots=True)
class Term:
    """An ISO 8601 duration of whole months, or of whole days; one of the two is zero."""

    months: int
    days: int

    def __post_init__(self) -> None:
        if min(self.months, self.days) < 0 or (self.months > 0) == (self.days > 0):
            raise TermError(f"{self.months} months and {self.days} days are no term")

    @classmethod
    @lru_cache(maxsize=512)
    def parse(cls, text: str) -> "Term":
        """Reads P1M, P3M, P1Y, P1Y6M, P30D, P2W. Raises TermError."""
        match = _SHAPE.fullmatch(text)
        if match is None:
            raise TermError(f"{text!r} is not a term")
        years, months, weeks, days = (int(part or 0) for part in match.groups())
        return cls(months=12 * years + months, days=7 * weeks + days)

    def shorter_than(self, other: "Term") -> bool:
        """Whether it gives less time; 4,800 months are 400 years, whose days are always as many."""
        own, others = (4800 * each.days + DAYS_IN_400_YEARS * each.months for each in (self, other))
        return own < others

    def __str__(self) -> str:
        if self.days:
            return f"P{self.days}D"
        years, months = divmod(self.months, 12)
        return "P" + (f"{years}Y" if years else "") + (f"{months}M" if months else "")


@dataclass(frozen=True, slots=True)
class Period:
    """One paid piece of life, [start_at, end_at), UTC, and the anchor that the next one counts on.

    `anchor_count` is the number of months (or of whole terms of days) between anchor and end.
    """

    start_at: datetime
    end_at: datetime
    anchor_at: datetime
    anchor_count: int


def add_terms(anchor_at: datetime, zone: str, term: Term, count: int) -> datetime:
    """anchor + count * term, in the zone's local wall time; UTC in, UTC out."""
    if term.months:
        return _add_months(anchor_at, zone, term.months * count)
    local = _wall(anchor_at, zone)
    return _to_utc(local + timedelta(days=term.days * count), zone)


def _add_months(anchor_at: datetime, zone: str, months: int) -> datetime:
    local = _wall(anchor_at, zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return _to_utc(local.replace(year=year, month=month + 1, day=min(local.day, last)), zone)


def _wall(at: datetime, zone: str) -> datetime:
    if at.tzinfo is None:  # astimezone would take it for the machine's own time
        raise ValueError(f"{at} names no zone")
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _to_utc(local: datetime, zone: str) -> datetime:
    """Gap: moved forward by the gap's length. Fold: the first of the two.

    Both are what fold=0 means (PEP 495): in a gap it takes the offset before the change, which
    puts the instant as far behind the change as the wall time lies inside the gap.
    """
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def next_period(
    now: datetime,
    valid_until: datetime | None,
    anchor_at: datetime | None,
    anchor_count: int,
    zone: str,
    term: Term,
    grace_rule: GraceRule,
) -> Period:
    """The period that a renewal accepted at `now` adds. `anchor_count` counts months.

    Starts at max(now, valid_until); a renewal within LATENESS of the expiry, and with `from_expiry`
    any renewal in grace, starts at the expiry and pays for the time that passed, unless that would
    buy nothing of the future. Months keep
    counting from the kept anchor as long as they are contiguous; a lapse, a term of days and an
    expiry that was moved by hand make the start the new anchor. Raises ValueError for an instant
    without a zone.
    """
    contiguous = valid_until is not None and now - valid_until <= LATENESS
    if valid_until is not None and (contiguous or grace_rule == "from_expiry"):
        period = _starting(valid_until, anchor_at, anchor_count, zone, term)
        if period.end_at > now:
            return period
    return _starting(now, None, 0, zone, term)


def _starting(
    start_at: datetime, anchor_at: datetime | None, anchor_count: int, zone: str, term: Term
) -> Period:
    if term.days:
        end_at = add_terms(start_at, zone, term, 1)
        return Period(start_at, end_at, anchor_at=end_at, anchor_count=0)
    if anchor_at is None or not _reaches(anchor_at, anchor_count, zone, start_at):
        anchor_at, anchor_count = start_at, 0
    count = anchor_count + term.months
    return Period(start_at, _add_months(anchor_at, zone, count), anchor_at, count)


def _reaches(anchor_at: datetime, anchor_count: int, zone: str, start_at: datetime) -> bool:
    """Whether the count from the anchor ends where the new period starts.

    It does not when the expiry was moved (an outage of ours, a correction): counting on from the
    anchor would then take back the days that were given.
    """
    return anchor_count > 0 and _add_months(anchor_at, zone, anchor_count) == start_at
