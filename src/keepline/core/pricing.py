"""Prices of orders, in integers: subtotal, discount, tax, total; and who pays which part."""

from dataclasses import dataclass
from typing import Literal, Protocol

from keepline.core.money import MILLION, share_of, tax_of

__all__ = ["Funding", "Priced", "Quote", "Taxed", "price_of", "quote", "split_funding"]


@dataclass(frozen=True, slots=True)
class Quote:
    """Minor units of `currency`. total = net + tax; subtotal - discount = net (or total, when
    prices include tax). `tax_country`: whose rate it is, "" for the plan's own."""

    currency: str
    subtotal_minor: int
    discount_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    tax_rate_ppm: int
    tax_inclusive: bool
    tax_country: str


@dataclass(frozen=True, slots=True)
class Funding:
    """Who pays which part of the total."""

    wallet_minor: int
    payment_minor: int


def quote(
    price_minor: int,
    currency: str,
    tax_rate_ppm: int,
    tax_inclusive: bool,
    discount_ppm: int = 0,
    quantity: int = 1,
    tax_country: str = "",
) -> Quote:
    """Prices one order. Rates in parts per million; halves go to the even neighbour."""
    if price_minor < 0 or tax_rate_ppm < 0 or quantity < 1 or not 0 <= discount_ppm <= MILLION:
        raise ValueError("prices, rates and quantities are not negative")
    subtotal = price_minor * quantity
    discount = share_of(subtotal, discount_ppm, MILLION)
    tax = tax_of(subtotal - discount, tax_rate_ppm, tax_inclusive)
    return Quote(
        currency=currency,
        subtotal_minor=subtotal,
        discount_minor=discount,
        net_minor=tax.net_minor,
        tax_minor=tax.tax_minor,
        total_minor=tax.gross_minor,
        tax_rate_ppm=tax_rate_ppm,
        tax_inclusive=tax_inclusive,
        tax_country=tax_country,
    )


class Taxed(Protocol):
    """What is read of the tax of an offer, of a quote and of an order."""

    @property
    def tax_rate_ppm(self) -> int: ...
    @property
    def tax_inclusive(self) -> bool: ...
    @property
    def tax_country(self) -> str: ...


class Priced(Taxed, Protocol):
    """What is read of an offer to price it (catalog.queries.PlanOffer)."""

    @property
    def currency(self) -> str: ...
    @property
    def price_minor(self) -> int: ...


def price_of(offer: Priced) -> Quote:
    """What one term of the offer costs, tax and all."""
    return quote(
        offer.price_minor,
        offer.currency,
        offer.tax_rate_ppm,
        offer.tax_inclusive,
        tax_country=offer.tax_country,
    )


def split_funding(
    total_minor: int,
    wallet_free_minor: int,
    use_wallet: Literal["none", "part", "only"],
    step_minor: int = 1,
) -> Funding:
    """As much from the wallet as is wished and there, the rest from the provider.

    The wallet pays less where that brings the provider's part up to a multiple of `step_minor`;
    where it has not enough to even it out, the part stays what it is.
    """
    if use_wallet == "none":
        return Funding(0, total_minor)
    from_wallet = min(total_minor, max(0, wallet_free_minor))
    lacking = -(total_minor - from_wallet) % step_minor
    if lacking <= from_wallet:
        from_wallet -= lacking
    return Funding(from_wallet, total_minor - from_wallet)
