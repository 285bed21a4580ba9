"""Money: integers in minor units with an ISO 4217 code. No float comes near it.

Exponents are CLDR's (Babel): 2 for USD, 0 for JPY, 3 for KWD. Division only by `allocate`, which
conserves the sum.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal

from babel.core import get_global
from babel.numbers import get_currency_precision

__all__ = [
    "CurrencyMismatch",
    "Money",
    "MoneyError",
    "allocate",
    "exponent",
    "is_currency",
    "parse_decimal",
    "to_decimal",
]

LARGEST_MINOR = 2**53  # beyond this, JavaScript at the other end of the API would round
DecimalMark = Literal[".", ","]


class MoneyError(ValueError):
    """Not an amount. `reason`: empty, malformed, too_precise, too_large, unknown_currency."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CurrencyMismatch(TypeError):
    """Two currencies were added, taken away or compared."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:  # bool and float are not amounts
            raise TypeError(f"amount_minor is a {type(self.amount_minor).__name__}")

    def _other(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.amount_minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._other(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._other(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount_minor < self._other(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount_minor <= self._other(other)


@cache
def exponent(currency: str) -> int:
    """Digits of the minor unit. Raises MoneyError for an unknown currency."""
    if not is_currency(currency):
        raise MoneyError("unknown_currency")
    return int(get_currency_precision(currency))


@cache
def is_currency(currency: str) -> bool:
    """Whether `currency` is an ISO 4217 code that CLDR knows."""
    return currency in get_global("all_currencies")


def allocate(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Splits an amount by weights and conserves the sum: largest remainder, ties by order."""
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights are not negative, and not all zero")
    sign, amount = (-1, -amount_minor) if amount_minor < 0 else (1, amount_minor)
    shares = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % total))
    for index in by_remainder[: amount - sum(shares)]:
        shares[index] += 1
    return [sign * share for share in shares]


_GROUPS = {".": ",", ",": "."}
_SPACES = str.maketrans("", "", " \u00a0\u202f'")


def parse_decimal(text: str, currency: str, decimal_mark: DecimalMark) -> Money:
    """Reads 1,234.50 or 1 234,50. Strict: groups of three, no more digits than the currency has.

    Raises MoneyError.
    """
    digits = exponent(currency)
    bare = text.strip()
    if not bare:
        raise MoneyError("empty")
    group = re.escape(_GROUPS[decimal_mark])
    grouped = rf"[+-]?(?:\d+|\d{{1,3}}(?:[{group} \u00a0\u202f']\d{{3}})+)"
    if not re.fullmatch(rf"{grouped}(?:{re.escape(decimal_mark)}\d+)?", bare, re.ASCII):
        raise MoneyError("malformed")
    plain = bare.translate(_SPACES).replace(_GROUPS[decimal_mark], "")
    whole, _, part = plain.partition(decimal_mark)
    if len(part.rstrip("0")) > digits:
        raise MoneyError("too_precise")
    amount = int(whole + part[:digits].ljust(digits, "0"))
    if abs(amount) > LARGEST_MINOR:
        raise MoneyError("too_large")
    return Money(amount, currency)


def to_decimal(money: Money) -> Decimal:
    """The amount in whole units, exact."""
    return Decimal(money.amount_minor).scaleb(-exponent(money.currency))
