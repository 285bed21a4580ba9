"""Amounts as PayPal writes them: decimal texts, in the currencies that it knows.

https://developer.paypal.com/api/rest/reference/currency-codes/
"""

import re
from typing import Final

from keepline.gateways.payments.port import ProviderRefused

MINOR_DIGITS: Final = 2
LARGEST_TEXT: Final = 32  # characters, as PayPal's schema has it
TEXT: Final = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
# The yen has no minor unit. Forint and New Taiwan dollar have one in ISO 4217, at PayPal they have
# none. BRL and MYR are for accounts of their country, which PayPal itself decides; the yuan is not
# here, because its accounts in China cannot use this API.
# fmt: off
WITH_DECIMALS: Final = frozenset({
    "AUD", "BRL", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS",
    "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "USD",
})
# fmt: on
WITHOUT_DECIMALS: Final = frozenset({"HUF", "TWD"})
WITHOUT_MINOR_UNIT: Final = frozenset({"JPY"})


def text_of(amount_minor: int, currency: str) -> str:
    """1999 EUR is "19.99". Raises ProviderRefused for what PayPal cannot take."""
    if amount_minor <= 0:
        raise ProviderRefused("amount_refused", "an amount must be more than nothing")
    if currency in WITHOUT_MINOR_UNIT:
        return str(amount_minor)
    whole, minor = divmod(amount_minor, 10**MINOR_DIGITS)
    if currency in WITH_DECIMALS:
        return f"{whole}.{minor:0{MINOR_DIGITS}}"
    if currency not in WITHOUT_DECIMALS:
        raise ProviderRefused("currency_refused", f"PayPal takes no {currency}")
    if minor:
        raise ProviderRefused("amount_refused", f"PayPal takes whole {currency} only")
    return str(whole)


def minor_of(text: str, currency: str) -> int:
    """The way back. Raises ValueError for a text that is no exact amount of that currency."""
    known = WITH_DECIMALS | WITHOUT_DECIMALS | WITHOUT_MINOR_UNIT
    if currency not in known or len(text) > LARGEST_TEXT:
        raise ValueError(f"{text[:LARGEST_TEXT]} {currency} is not an amount we know")
    found = TEXT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is not a number")
    sign, whole, fraction = found[1], found[2], (found[3] or "").rstrip("0")
    digits = 0 if currency in WITHOUT_MINOR_UNIT else MINOR_DIGITS
    if len(fraction) > digits:
        raise ValueError(f"{text} {currency} has parts of a minor unit")
    return int(sign + whole + fraction.ljust(digits, "0"))
