"""Paying a price in another currency: the rate, and both amounts (docs/currencies.md).

A rate is a decimal number that somebody published on a day: one unit of `base` is worth `rate`
units of `quote`. What is paid is the price times the rate in the minor unit of the currency paid,
a half to the even neighbour, rounded once; then up to what the providers on offer can take, where
that is more than a minor unit (core.ways_to_pay). All of it is exact: integers and fractions.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

from keepline.core.money import Money, exponent, share_of

__all__ = ["Exchange", "ExchangeRate", "RatesError", "exchanges", "part_of_paid"]


class RatesError(ValueError):
    """A table of rates that cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """One `base` is `rate` of `quote`, as `source` said on the day `on`. Above zero."""

    base: str  # ISO 4217
    quote: str
    rate: Decimal
    on: date
    source: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is paid in the place of a price, and why so much; it stays on the order."""

    paid: Money
    rate: Decimal
    rate_on: date
    source: str

    def as_facts(self) -> dict[str, Any]:
        """As it is kept on the order: the rate as its decimal text."""
        return {
            "currency": self.paid.currency,
            "amount_minor": self.paid.amount_minor,
            "rate": str(self.rate),
            "rate_on": self.rate_on.isoformat(),
            "source": self.source,
        }

    @classmethod
    def of_facts(cls, facts: dict[str, Any]) -> Self:
        """What `as_facts` made."""
        return cls(
            paid=Money(facts["amount_minor"], facts["currency"]),
            rate=Decimal(facts["rate"]),
            rate_on=date.fromisoformat(facts["rate_on"]),
            source=facts["source"],
        )


def exchanges(
    table: Iterable[ExchangeRate],
    price: Money,
    today: date,
    valid_days: int,
    step_of: Callable[[str], int] = lambda _currency: 1,
) -> list[Exchange]:
    """In which currencies a price may be paid, and how much; by currency.

    Of each pair the youngest rate that is of today or earlier, unless it is older than
    `valid_days`. `step_of` a currency: what is paid is a multiple of it. A price that comes to
    nothing in another currency cannot be paid in it.
    """
    youngest: dict[str, ExchangeRate] = {}
    for rate in table:
        fits = rate.base == price.currency and 0 <= (today - rate.on).days <= valid_days
        if fits and (rate.quote not in youngest or rate.on > youngest[rate.quote].on):
            youngest[rate.quote] = rate
    found = [
        Exchange(_converted(price, rate, step_of(rate.quote)), rate.rate, rate.on, rate.source)
        for _, rate in sorted(youngest.items())
    ]
    return [one for one in found if one.paid.amount_minor > 0]


def _converted(price: Money, rate: ExchangeRate, step_minor: int) -> Money:
    minor = Fraction(rate.rate) * Fraction(10) ** (exponent(rate.quote) - exponent(rate.base))
    amount = share_of(price.amount_minor, minor.numerator, minor.denominator)
    return Money(-(-amount // step_minor) * step_minor, rate.quote)


def part_of_paid(
    paid_minor: int, price_minor: int, before_minor: int, part_minor: int, step_minor: int = 1
) -> int:
    """What of the amount paid belongs to a part of the price, after `before_minor` of it.

    Parts that make up the whole price together make up the whole amount paid, whatever their
    number and order, if that is a multiple of `step_minor`. Each is such a multiple, and none is
    rounded beyond it.
    """
    if not 0 <= before_minor <= before_minor + part_minor <= price_minor or price_minor == 0:
        raise ValueError("a part lies within the price")
    before, reached = (
        share_of(paid_minor, price_part, price_minor) // step_minor * step_minor
        for price_part in (before_minor, before_minor + part_minor)
    )
    return reached - before
