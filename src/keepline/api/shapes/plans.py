"""Plans on sale, and what one would cost and give."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import Field

from keepline.api.shapes.pages import Page
from keepline.api.shapes.parts import Currency, LineKind, Money, Service, Shape, money
from keepline.catalog.models import Carrier as CarrierRow
from keepline.catalog.models import Plan as PlanRow
from keepline.catalog.queries import PlanOffer
from keepline.core.exchange import Exchange as Agreed
from keepline.core.pricing import Quote, price_of
from keepline.flows.list_exchanges import ExchangeOffer

TAX_RATE = "Parts per million: 190000 is 19 %."
TAX_INCLUSIVE = "Whether the subtotal holds the tax, or it comes on top."


class Region(Shape):
    """Where a plan is valid."""

    code: str
    name: str
    countries: list[str] = Field(description="ISO 3166-1 alpha-2.")


class Carrier(Shape):
    """A network operator behind lines."""

    code: str
    name: str
    country: str = Field(description="ISO 3166-1 alpha-2.")

    @classmethod
    def of(cls, row: CarrierRow) -> "Carrier":
        return cls(code=row.code, name=row.name, country=row.country)


class Plan(Shape):
    """One version of a plan at its price in one currency, for one term."""

    code: str
    version: int
    name: str
    line_kind: LineKind
    carrier: str | None = Field(description="The carrier's name, where it is one alone.")
    carriers: list[Carrier] = Field(
        description="Those behind the plan: its lines are on one of them, and may switch where "
        "there are several. Empty: the plan names none."
    )
    region: Region | None
    term: str = Field(description="ISO 8601 duration.", examples=["P1M"])
    service: Service
    subtotal: Money
    tax: Money
    tax_rate_ppm: int = Field(description=TAX_RATE, examples=[190_000])
    tax_inclusive: bool = Field(description=TAX_INCLUSIVE)
    total: Money = Field(description="What one term costs, tax and all.")

    @classmethod
    def of(cls, offer: PlanOffer, row: PlanRow, name: str, region: Region | None) -> "Plan":
        return cls(**plan_fields(offer, row, name, region))


def plan_fields(offer: PlanOffer, row: PlanRow, name: str, region: Region | None) -> dict[str, Any]:
    """What Plan and LinePlanOffer share."""
    price = price_of(offer)
    return {
        "code": offer.code,
        "version": offer.version,
        "name": name,
        "line_kind": offer.line_kind,
        "carrier": row.carrier.name if row.carrier else None,
        "carriers": [Carrier.of(each) for each in row.behind],
        "region": region,
        "term": str(offer.term),
        "service": Service.of(offer.allowance),
        "subtotal": money(price.subtotal_minor, price.currency),
        "tax": money(price.tax_minor, price.currency),
        "tax_rate_ppm": price.tax_rate_ppm,
        "tax_inclusive": price.tax_inclusive,
        "total": money(price.total_minor, price.currency),
    }


class OfferedPlan(Plan):
    """A plan that may renew a certain line; `current` is the one it lives on."""

    current: bool


class PlansPage(Page[Plan]):
    """By age of the plan."""


class OfferedPlans(Shape):
    """Shortest term first, then cheapest first. All at once: a line has few."""

    line_id: UUID
    currency: Currency
    items: list[OfferedPlan]


class Price(Shape):
    """The money of one order. total = net + tax = from_wallet + from_provider."""

    subtotal: Money
    discount: Money
    net: Money
    tax: Money
    tax_rate_ppm: int = Field(description=TAX_RATE, examples=[190_000])
    tax_inclusive: bool = Field(description=TAX_INCLUSIVE)
    tax_country: str | None = Field(
        description="Whose rate it is, ISO 3166-1 alpha-2; null: the plan's own."
    )
    total: Money
    from_wallet: Money
    from_provider: Money

    @classmethod
    def of(cls, price: Quote, wallet_minor: int, payment_minor: int) -> "Price":
        return cls(
            subtotal=money(price.subtotal_minor, price.currency),
            discount=money(price.discount_minor, price.currency),
            net=money(price.net_minor, price.currency),
            tax_rate_ppm=price.tax_rate_ppm,
            tax_inclusive=price.tax_inclusive,
            tax_country=price.tax_country or None,
            tax=money(price.tax_minor, price.currency),
            total=money(price.total_minor, price.currency),
            from_wallet=money(wallet_minor, price.currency),
            from_provider=money(payment_minor, price.currency),
        )


class Exchange(Shape):
    """What a provider's part comes to in another currency. It stays on the order."""

    paid: Money = Field(description="What is asked of the provider.")
    rate: str = Field(
        description="How much of the currency paid one unit of the price's is worth; a decimal "
        "number.",
        examples=["0.9213"],
    )
    rate_on: date = Field(description="The day the rate is of.")
    source: str = Field(description="Who said so.", examples=["European Central Bank"])

    @classmethod
    def of(cls, agreed: Agreed) -> "Exchange":
        return cls(**_exchange_fields(agreed))


def _exchange_fields(agreed: Agreed) -> dict[str, Any]:
    return {
        "paid": money(agreed.paid.amount_minor, agreed.paid.currency),
        "rate": f"{agreed.rate:f}",
        "rate_on": agreed.rate_on,
        "source": agreed.source,
    }


class OfferedExchange(Exchange):
    """One that may be chosen: sent back as `pay_as` with one of its providers."""

    providers: list[str]

    @classmethod
    def of_offer(cls, offer: ExchangeOffer) -> "OfferedExchange":
        providers = [way.provider for way in offer.ways]
        return cls(**_exchange_fields(offer.exchange), providers=providers)
