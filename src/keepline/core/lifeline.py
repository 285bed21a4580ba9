"""The lifeline: one line's time from bought to lost, as pieces that everyone draws alike.

In prose: a line lives to `valid_until`, is in grace to `grace_until`, suspended to
`suspended_until` (that is when the number is withdrawn) and in quarantine to `quarantine_until`
(that is when it is lost: somebody else may have it). A line without a number ends when its number
would be withdrawn: nothing rests after it. A previewed renewal adds a piece after
max(now, valid_until) and moves everything behind it by the same time.

The picture is not to scale, or a day plan would be a hairline before half a year of quarantine:
a piece's width grows with the square root of its time, and none is too thin to be seen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import isqrt
from typing import Protocol

WHOLE = 1000  # widths and positions are thousandths of the bar
THINNEST = 60
PAST_AT_MOST = 350

UNBORN = frozenset({"reserved", "provisioning", "ready"})


class Lapse(Protocol):
    """What a policy says of a line that nobody renews."""

    @property
    def grace_days(self) -> int: ...
    @property
    def suspended_days(self) -> int: ...
    @property
    def quarantine_days(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Lifeline:
    """All instants aware UTC. `preview_until`: the expiry that a renewal would give.

    Without a number `quarantine_until` is `suspended_until`.
    """

    bought_at: datetime
    valid_until: datetime
    grace_until: datetime
    suspended_until: datetime
    quarantine_until: datetime
    now: datetime
    preview_until: datetime | None = None
    has_number: bool = True

    @property
    def without_time(self) -> bool:
        """A number that came back, on a line that nobody has renewed yet."""
        return self.bought_at == self.valid_until

    @property
    def lost_at(self) -> datetime:
        """The date of loss, after the previewed renewal when there is one."""
        return self.quarantine_until + self._moved

    @property
    def withdrawn_at(self) -> datetime:
        """When the number leaves the line."""
        return self.suspended_until + self._moved

    @property
    def _moved(self) -> timedelta:
        return self.preview_until - self.valid_until if self.preview_until else timedelta(0)


@dataclass(frozen=True, slots=True)
class Piece:
    """kind: past, active, added, grace, suspended, quarantine. x and width in thousandths."""

    kind: str
    start_at: datetime
    end_at: datetime
    x: int
    width: int


def lifeline_of(
    state: str,
    bought_at: datetime,
    valid_until: datetime | None,
    policy: Lapse,
    now: datetime,
    preview_until: datetime | None = None,
    since_at: datetime | None = None,
    *,
    has_number: bool = True,
) -> Lifeline | None:
    """The lifeline of a line under its policy; None while its time has not begun to run.

    `since_at`: from when the grace or suspension that it is in counts. It is the end of what was
    before, unless we were away then.
    """
    valid_until = valid_until or since_at  # a number that came back without time of its own
    if valid_until is None or state in UNBORN:
        return None
    lapsed_at = since_at if state == "grace" and since_at else valid_until
    grace_until = lapsed_at + timedelta(days=policy.grace_days)
    if state == "suspended" and since_at:
        grace_until = since_at
    suspended_until = grace_until + timedelta(days=policy.suspended_days)
    rests = timedelta(days=policy.quarantine_days if has_number else 0)
    quarantine_until = suspended_until + rests
    if now >= quarantine_until:
        preview_until = None  # what is lost is not renewed
    return Lifeline(
        bought_at=min(bought_at, valid_until),
        valid_until=valid_until,
        grace_until=grace_until,
        suspended_until=suspended_until,
        quarantine_until=quarantine_until,
        now=now,
        preview_until=preview_until,
        has_number=has_number,
    )


def pieces(line: Lifeline) -> list[Piece]:
    """The bar from left to right; pieces without time are left out, widths add up to WHOLE."""
    spans = [span for span in _spans(line) if span[1] < span[2]]
    widths = _widths(spans)
    starts = [0]
    for width in widths:
        starts.append(starts[-1] + width)
    return [
        Piece(kind, start, end, x, width)
        for (kind, start, end), x, width in zip(spans, starts, widths, strict=False)
    ]


def position(bar: list[Piece], at: datetime) -> int:
    """Where `at` stands on the bar, in thousandths; outside it, its nearer end."""
    for piece in bar:
        if at < piece.end_at:
            ahead = max(timedelta(0), at - piece.start_at)
            return piece.x + piece.width * ahead // (piece.end_at - piece.start_at)
    return WHOLE


def _spans(line: Lifeline) -> list[tuple[str, datetime, datetime]]:
    today = min(max(line.now, line.bought_at), line.valid_until)
    spans = [("past", line.bought_at, today), ("active", today, line.valid_until)]
    if line.preview_until is None:
        marks = [line.valid_until, line.grace_until, line.suspended_until, line.quarantine_until]
        return spans + _dying(marks)
    begins_at = max(line.now, line.valid_until)
    before = [line.valid_until, line.grace_until, line.suspended_until, line.quarantine_until]
    spans += _dying([min(mark, begins_at) for mark in before])
    spans.append(("added", begins_at, line.preview_until))
    moved = line.preview_until - line.valid_until
    return spans + _dying([mark + moved for mark in before])


def _dying(marks: list[datetime]) -> list[tuple[str, datetime, datetime]]:
    kinds = ("grace", "suspended", "quarantine")
    return [(kind, *pair) for kind, pair in zip(kinds, pairwise(marks), strict=True)]


def _widths(spans: list[tuple[str, datetime, datetime]]) -> list[int]:
    weights = [isqrt(int((end - start).total_seconds())) + 1 for _, start, end in spans]
    past = [kind == "past" for kind, _, _ in spans]
    future = sum(w for w, is_past in zip(weights, past, strict=True) if not is_past)
    cap = future * PAST_AT_MOST // (WHOLE - PAST_AT_MOST) or 1
    weights = [
        min(w, cap) if is_past and future else w for w, is_past in zip(weights, past, strict=True)
    ]
    spare = WHOLE - THINNEST * len(spans)
    widths = [THINNEST + spare * weight // sum(weights) for weight in weights]
    if widths:
        widths[-1] += WHOLE - sum(widths)
    return widths
