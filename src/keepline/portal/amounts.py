"""Reads an amount of money that a person typed."""

import re

from babel.numbers import get_currency_precision

_SHAPE = re.compile(r"(\d{1,9})(?:[.,](\d{1,3}))?")
_SPACES = re.compile(r"[\s\u00a0\u202f]")


class NotAnAmount(ValueError):
    """Not a plain amount in this currency: no digits, a sign, too many decimals."""


def minor_of(text: str, currency: str) -> int:
    """ "12,5" or "12.50" EUR -> 1250. No grouping marks: 1.234 would be two different amounts."""
    decimals = get_currency_precision(currency)
    match = _SHAPE.fullmatch(_SPACES.sub("", text))
    if match is None or not text.isascii():
        raise NotAnAmount(text)
    whole, part = match[1], match[2] or ""
    if len(part) > decimals:
        raise NotAnAmount(text)
    return int(whole + part.ljust(decimals, "0"))
