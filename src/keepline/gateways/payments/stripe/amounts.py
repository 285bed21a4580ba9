"""Keepline's minor units and Stripe's, exactly, both ways.

Keepline counts with the exponents of `core.money`. Stripe has its own and, for some currencies,
takes only multiples (docs.stripe.com/currencies: zero-decimal, three-decimal, special cases).
"""

from typing import Final

from keepline.core.money import MoneyError, exponent
from keepline.gateways.payments.port import ProviderRefused

# ISK and UGX have no decimals any more; Stripe still wants two, always 00, as ours times 100 are.
# HUF and TWD are special for payouts to the seller only; charges have two decimals.
ZERO_DECIMAL: Final = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
THREE_DECIMAL: Final = ("BHD", "JOD", "KWD", "OMR", "TND")  # the third must be 0
DIGITS: Final = dict.fromkeys(ZERO_DECIMAL.split(), 0) | dict.fromkeys(THREE_DECIMAL, 3)
STEPS: Final = dict.fromkeys(THREE_DECIMAL, 10)


def stripe_digits(currency: str) -> int:
    """Decimals of Stripe's amounts in `currency`."""
    return DIGITS.get(currency, 2)


def stripe_step(currency: str) -> int:
    """What Stripe's amounts in `currency` must be multiples of."""
    return STEPS.get(currency, 1)


def require_currency(currency: str) -> int:
    """Our decimals of it. Raises ProviderRefused for one that is none."""
    try:
        return exponent(currency)
    except MoneyError:
        raise ProviderRefused("currency_unknown", f"{currency} is no currency") from None


def to_stripe(amount_minor: int, currency: str) -> int:
    """Stripe's amount. Raises ProviderRefused for one that Stripe cannot take."""
    shift = stripe_digits(currency) - require_currency(currency)
    amount, rest = _shifted(amount_minor, shift)
    if amount_minor <= 0 or rest or amount % stripe_step(currency):
        raise ProviderRefused(
            "amount_not_representable", f"{amount_minor} minor units of {currency}"
        )
    return amount


def from_stripe(amount: int, currency: str) -> int:
    """Keepline's amount. Raises ValueError where it would not be whole."""
    amount_minor, rest = _shifted(amount, exponent(currency) - stripe_digits(currency))
    if rest:
        raise ValueError(f"{amount} of Stripe's {currency} is no whole amount of ours")
    return amount_minor


def _shifted(amount: int, digits: int) -> tuple[int, int]:
    """`amount` moved by decimal digits, and what does not fit."""
    factor: int = 10 ** abs(digits)
    return (amount * factor, 0) if digits >= 0 else divmod(amount, factor)
