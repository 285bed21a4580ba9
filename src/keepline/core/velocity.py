"""Whether a payment may be asked of a provider now: what was asked before, against limits.

Limits against fraud (docs/fraud-limits.md). Spans are half open: what happened a span ago, to the
instant, no longer counts. More of the past never turns a refusal into a pass.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from keepline.core.money import Money, exponent

__all__ = ["Asked", "Hit", "Limits", "LimitsError", "Past", "Rate", "Standing", "Sums", "decide"]

DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=30)
OPEN_FOR = timedelta(hours=1)  # then a checkout is closed and its money no longer expected
LARGEST_COUNT, LARGEST_UNITS = 100_000, 10**9
LONGEST_UNKNOWN = timedelta(days=365)
DEFAULT = "default"


class LimitsError(ValueError):
    """Limits that make no sense; the message says which, in words for the operator."""


class Standing(StrEnum):
    """What became of a payment, as far as limits care."""

    OPEN = "open"  # the holder may still pay
    PAID = "paid"
    DECLINED = "declined"  # at the checkout, or what a saved method was charged
    ENDED = "ended"  # expired untried, refused at opening, or given back


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` within `span`."""

    count: int
    span: timedelta

    def __post_init__(self) -> None:
        if not 1 <= self.count <= LARGEST_COUNT:
            raise LimitsError(f"a count is from 1 to {LARGEST_COUNT}")
        if not timedelta(seconds=1) <= self.span <= MONTH:
            raise LimitsError("a span is from a second to 30 days")


@dataclass(frozen=True, slots=True)
class Sums:
    """Money within a day, 7 days and 30 days, in whole units of a currency."""

    day: int
    week: int
    month: int

    def __post_init__(self) -> None:
        if not 1 <= self.day <= self.week <= self.month <= LARGEST_UNITS:
            raise LimitsError("a day is at least 1, a week at least a day, a month at least a week")

    def spans(self) -> tuple[tuple[timedelta, int], ...]:
        """Each span with its units."""
        return (DAY, self.day), (WEEK, self.week), (MONTH, self.month)


@dataclass(frozen=True, slots=True)
class Limits:
    """All of them. `sums` by currency, with `default` for any other; so are `refunds`: what one
    person of staff may give back of an order alone, and `review`: what a person looks at first when
    an account pays it that is not known yet, in whole units, 0 for never. A default is in units of
    which a currency without an entry needs `worth` for one."""

    address: tuple[Rate, ...]
    device: tuple[Rate, ...]
    account: tuple[Rate, ...]
    method: tuple[Rate, ...]
    declines: Rate
    hold: timedelta
    sums: Mapping[str, Sums]
    refunds: Mapping[str, int]
    review: Mapping[str, int]
    known_after: timedelta
    worth: Mapping[str, int] = field(default_factory=dict)
    block_disputed: bool = True  # a line whose payment is disputed rests until that is decided

    def __post_init__(self) -> None:
        tables = {"sums": self.sums, "refunds": self.refunds, "review.first_payment": self.review}
        for name, table in tables.items():
            if DEFAULT not in table:
                raise LimitsError(f"{name} needs a default")
        for name, units in (("refunds", self.refunds), ("review.first_payment", self.review)):
            if not all(0 <= each <= LARGEST_UNITS for each in units.values()):
                raise LimitsError(f"{name} is from 0 to {LARGEST_UNITS}")
        if not all(1 <= each <= LARGEST_COUNT for each in self.worth.values()):
            raise LimitsError(f"worth is from 1 to {LARGEST_COUNT}")
        if not timedelta(0) <= self.known_after <= LONGEST_UNKNOWN:
            raise LimitsError(f"review.known_after_days is from 0 to {LONGEST_UNKNOWN.days}")
        if not timedelta(0) <= self.hold <= MONTH:
            raise LimitsError("a hold is from 0 to 720 hours")

    @property
    def reach(self) -> timedelta:
        """How far back the payments of an account matter."""
        rates = [rate.span for rate in (*self.account, *self.method)]
        return max(MONTH, self.declines.span + self.hold, *rates)

    def sums_minor(self, currency: str) -> list[tuple[timedelta, int]]:
        """Each span with the most of it, in minor units of `currency`."""
        own = self.sums.get(currency)
        unit = self._unit(currency, named=own is not None)
        return [(span, units * unit) for span, units in (own or self.sums[DEFAULT]).spans()]

    def refund_alone_minor(self, currency: str) -> int:
        """The most that goes back on one person's word, in minor units of `currency`."""
        return self._minor(self.refunds, currency)

    def needs_review(self, paid: Money, known_since: datetime | None, at: datetime) -> bool:
        """Must a person look at money that was taken, before it is spent?

        `known_since`: when the first payment of the account was captured that still stands, of
        others than this one; None without any.
        """
        from_minor = self._minor(self.review, paid.currency)
        if not 0 < from_minor <= paid.amount_minor:
            return False
        return known_since is None or known_since + self.known_after > at

    def _minor(self, table: Mapping[str, int], currency: str) -> int:
        """What the table says of a currency, in its minor units."""
        own = table.get(currency)
        units = table[DEFAULT] if own is None else own
        return units * self._unit(currency, named=own is not None)

    def _unit(self, currency: str, named: bool) -> int:
        """A unit of a table in minor ones: a whole one, or for the default what is worth one."""
        units = 1 if named else self.worth.get(currency, 1)
        return units * 10 ** exponent(currency)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment that somebody wants to be asked for; `amount_minor` in `currency`."""

    provider: str
    currency: str
    amount_minor: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """A payment that was asked for earlier, by the same account.

    `by_clock`: a saved method was charged while its holder was away. Its money counts; but how
    often it is tried is a policy's, so that it is no attempt of the holder's, and no decline.
    """

    opened_at: datetime
    provider: str
    currency: str
    amount_minor: int
    standing: Standing
    by_clock: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """The limit that refuses. `until`: from then on it would pass; None if waiting never helps.

    `largest_minor`: with None, the most that one payment may be.
    """

    limit: str
    until: datetime | None
    largest_minor: int = 0


def decide(
    limits: Limits,
    asked: Asked,
    past: Sequence[Past],
    from_address: Iterable[datetime] = (),
    from_device: Iterable[datetime] = (),
) -> Hit | None:
    """None when it may be asked for; else of all limits that refuse the one that does so longest.

    `past`: the account's payments within `limits.reach`; the others: instants of attempts.
    """
    at, by_hand = asked.at, [each for each in past if not each.by_clock]
    every = [each.opened_at for each in by_hand]
    same_way = [each.opened_at for each in by_hand if each.provider == asked.provider]
    counted = (
        ("address", limits.address, sorted(from_address)),
        ("device", limits.device, sorted(from_device)),
        ("account", limits.account, sorted(every)),
        ("method", limits.method, sorted(same_way)),
    )
    hits = [_rate(name, rate, seen, at) for name, rates, seen in counted for rate in rates]
    hits.append(_hold(limits, by_hand, at))
    money = [each for each in past if each.currency == asked.currency]
    hits += [_sum(span, most, money, asked) for span, most in limits.sums_minor(asked.currency)]
    found = [hit for hit in hits if hit is not None]
    return max(found, key=lambda hit: (hit.until is None, hit.until or at), default=None)


def _rate(name: str, rate: Rate, instants: Sequence[datetime], at: datetime) -> Hit | None:
    # Clocks of two machines differ a little, so an instant may lie ahead; a test clock's lies far.
    counted = [instant for instant in instants if abs(at - instant) < rate.span]
    if len(counted) < rate.count:
        return None
    return Hit(name, counted[-rate.count] + rate.span)


def _hold(limits: Limits, past: Sequence[Past], at: datetime) -> Hit | None:
    declined = sorted(each.opened_at for each in past if each.standing is Standing.DECLINED)
    span, count = limits.declines.span, limits.declines.count
    until = max(
        (
            max(last + limits.hold, first + span)
            for first, last in zip(declined, declined[count - 1 :], strict=False)
            if last - first < span
        ),
        default=at,
    )
    return Hit("declines", until) if until > at else None


def _sum(span: timedelta, most: int, money: Sequence[Past], asked: Asked) -> Hit | None:
    if asked.amount_minor > most:
        return Hit("sum", None, most)
    leaving = sorted(
        (leaves_at, each.amount_minor)
        for each in money
        if (leaves_at := _leaves_at(each, span)) is not None and leaves_at > asked.at
    )
    total = asked.amount_minor + sum(minor for _, minor in leaving)
    until = None
    for leaves_at, minor in leaving:
        if total <= most:
            break
        total, until = total - minor, leaves_at
    return Hit("sum", until) if until else None


def _leaves_at(payment: Past, span: timedelta) -> datetime | None:
    """When a payment's money no longer counts; None when it never did."""
    if payment.standing is Standing.OPEN:
        return payment.opened_at + min(span, OPEN_FOR)
    return payment.opened_at + span if payment.standing is Standing.PAID else None
