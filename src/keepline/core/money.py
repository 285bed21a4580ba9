"""Money is an integer in minor units of an ISO 4217 currency."""

from babel.numbers import get_currency_precision

__all__ = ["exponent"]


def exponent(currency: str) -> int:
    """How many decimals the currency has: 2 for EUR, 0 for JPY (CLDR, by Babel)."""
    return get_currency_precision(currency)
