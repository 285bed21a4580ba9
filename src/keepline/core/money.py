"""Money: integers in minor units with an ISO 4217 code. No float comes near it.

Exponents are CLDR's (Babel): 2 for USD, 0 for JPY, 3 for KWD. Division only by `allocate`, which
conserves the sum, and by `share_of`, which rounds a half to the even neighbour.
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
    "TaxSplit",
    "allocate",
    "exponent",
    "is_currency",
    "parse_decimal",
    "share_of",
    "tax_of",
    "to_decimal",
]

LARGEST_MINOR = 2**53  # beyond this, JavaScript at the other end of the API would round
MILLION = 1_000_000  # rates are in parts per million: 19 % is 190_000
DecimalMark = Literal[".", ","]


class MoneyError(ValueError):
    """Not an amount. `reason`: empty, malformed, ambiguous (1.500 could be fifteen hundred),
    too_precise, too_large, unknown_currency."""

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
    """Splits an amount by weights and conserves the sum: largest remainder, ties by order.

    A negative amount is split as its opposite. Raises ValueError for weights that are negative
    or all zero.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights are not negative, and not all zero")
    sign, amount = (-1, -amount_minor) if amount_minor < 0 else (1, amount_minor)
    shares = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % total))
    for index in by_remainder[: amount - sum(shares)]:
        shares[index] += 1
    return [sign * share for share in shares]


def share_of(amount_minor: int, part: int, whole: int) -> int:
    """amount * part / whole, a half to the even neighbour. `whole` is above zero."""
    share, rest = divmod(amount_minor * part, whole)
    if 2 * rest > whole or (2 * rest == whole and share % 2):
        share += 1
    return share


@dataclass(frozen=True, slots=True)
class TaxSplit:
    """Minor units; net + tax = gross."""

    net_minor: int
    tax_minor: int
    gross_minor: int


def tax_of(amount_minor: int, rate_ppm: int, inclusive: bool) -> TaxSplit:
    """The tax in an amount (inclusive), or on it. `rate_ppm` in parts per million."""
    if rate_ppm < 0:
        raise ValueError("a tax rate is not negative")
    if inclusive:
        tax = share_of(amount_minor, rate_ppm, MILLION + rate_ppm)
        return TaxSplit(amount_minor - tax, tax, amount_minor)
    tax = share_of(amount_minor, rate_ppm, MILLION)
    return TaxSplit(amount_minor, tax, amount_minor + tax)


THOUSANDS = 3  # the length of a group
_GROUPS = {".": ",", ",": "."}
_SPACES = " \u00a0\u202f'\u2019"
_MINUS = str.maketrans("\u2212", "-")
# One kind of mark between the groups, or none. Databases that leave out a leading zero: .50
_SHAPES = {
    mark: re.compile(
        rf"([+-]?)(\d+|\d{{1,3}}(?:([{re.escape(group)}{_SPACES}])\d{{3}})(?:\3\d{{3}})*|(?=\D))"
        rf"(?:{re.escape(mark)}(\d+))?",
        re.ASCII,
    )
    for mark, group in _GROUPS.items()
}


def parse_decimal(text: str, currency: str, decimal_mark: DecimalMark) -> Money:
    """Reads 1,234.50 or 1 234,50. Strict: groups of three, no more digits than the currency has.

    Zeros beyond the currency's digits are read (JPY 100.00), but not if there are three digits
    in all: 1.500 EUR may be fifteen hundred from a place with the other mark. Raises MoneyError.
    """
    digits = exponent(currency)
    bare = text.strip().translate(_MINUS)
    if not bare:
        raise MoneyError("empty")
    match = _SHAPES[decimal_mark].fullmatch(bare)
    if match is None:
        raise MoneyError("malformed")
    sign, whole, separator, part = match[1], match[2], match[3], match[4] or ""
    if len(part) == THOUSANDS > digits and re.fullmatch(r"[1-9]\d{0,2}", whole):
        raise MoneyError("ambiguous")
    if len(part.rstrip("0")) > digits:
        raise MoneyError("too_precise")
    plain = whole.replace(separator, "") if separator else whole
    if len(plain) > len(str(LARGEST_MINOR)):
        raise MoneyError("too_large")
    amount = int(f"{sign}{plain}{part[:digits].ljust(digits, '0')}")
    if abs(amount) > LARGEST_MINOR:
        raise MoneyError("too_large")
    return Money(amount, currency)


def to_decimal(money: Money) -> Decimal:
    """The amount in whole units, exact."""
    return Decimal(money.amount_minor).scaleb(-exponent(money.currency))
