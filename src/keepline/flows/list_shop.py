"""Reads what an account can buy: the families of lines, and their plans by where they are valid."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan
from keepline.catalog.queries import PlanOffer
from keepline.catalog.taxes import taxed, treatment_for
from keepline.core.parts import Parts, parts_of
from keepline.core.pricing import Quote, price_of
from keepline.gateways import switchboard
from keepline.inventory import offering
from keepline.inventory.offering import Shelf

KINDS = ("virtual_number", "travel_sim", "country_esim", "local_data_sim", "keep_alive")
MOST_PLANS = 1000

Hindrance = Literal["", "sold_out", "no_network"]


@dataclass(frozen=True, slots=True)
class ShopPlan:
    """One plan with its whole price. `hindrance`: why it cannot be bought right now, "" if it can.

    `countries`: ISO 3166-1, where it is valid; empty when it is bound to none.
    """

    offer: PlanOffer
    plan: Plan
    quote: Quote
    parts: Parts
    countries: Sequence[str]
    hindrance: Hindrance


@dataclass(frozen=True, slots=True)
class Family:
    """All plans of one kind of line. `cheapest`: of those that can be bought, if any can."""

    kind: str
    plans: Sequence[ShopPlan]

    @property
    def open(self) -> Sequence[ShopPlan]:
        """Those that can be bought right now."""
        return [each for each in self.plans if not each.hindrance]

    @property
    def cheapest(self) -> Quote | None:
        """The lowest price, or None."""
        return min((each.quote for each in self.open), key=_total, default=None)

    @property
    def hindrance(self) -> Hindrance:
        """Why none of its plans can be bought; "" when one can, or there is none."""
        return self.plans[0].hindrance if self.plans and not self.open else ""


@dataclass(frozen=True, slots=True)
class Shop:
    """`families`: those that are on sale at all; one without plans is not sold in the currency.

    `plans`: what was asked for, by family, place and term.

    `countries`: where any plan is valid, for the reader to choose from.
    """

    currency: str
    families: Sequence[Family]
    plans: Sequence[ShopPlan]
    countries: Sequence[str]

    @property
    def on_sale(self) -> bool:
        """Whether anything has a price in the currency."""
        return any(family.plans for family in self.families)


def list_shop(account_id: UUID, now: datetime, kind: str = "", country: str = "") -> Shop:
    """What is on sale in the account's currency, taxed as its holder is.

    `kind`, `country`: "" for all. A plan that is bound to no country says of none that it is valid
    there. Six queries at most, however many plans there are.
    """
    currency = accounts.account(account_id).currency
    tax = treatment_for(account_id, now)
    offers = [
        taxed(offer, tax) for offer in catalog.offers_on_sale(currency, None, now, MOST_PLANS)
    ]
    plans = catalog.plans_among({offer.plan_id for offer in offers})
    shelves = offering.shelves(now)
    every = [_plan(offer, plans[offer.plan_id], shelves) for offer in offers]
    every.sort(key=_by_family_place_and_term)
    asked = [
        each
        for each in every
        if kind in ("", each.offer.line_kind) and (country == "" or country in each.countries)
    ]
    kinds = catalog.kinds_on_sale()
    families = [
        Family(name, [p for p in every if p.offer.line_kind == name])
        for name in KINDS
        if name in kinds
    ]
    return Shop(
        currency=currency,
        families=families,
        plans=asked if kind or country else [],
        countries=sorted({code for each in every for code in each.countries}),
    )


def hindrance_of(parts: Parts, delivery: str, shelves: Iterable[tuple[str, bool]]) -> Hindrance:
    """Why a plan cannot be bought. `shelves`: kind of stock, and whether any of it is there."""
    if not switchboard.has("network") and (parts.sims or delivery == "network"):
        return "no_network"
    stocked = {kind for kind, any_ in shelves if any_}
    numbered = not parts.number or "number" in stocked
    equipped = not parts.sims or bool(stocked.intersection(parts.sims))
    return "" if numbered and equipped else "sold_out"


def _plan(offer: PlanOffer, plan: Plan, shelves: Sequence[Shelf]) -> ShopPlan:
    parts = parts_of(offer.line_kind, offer.allowance)
    countries = plan.region.countries if plan.region else []
    hindrances = [
        hindrance_of(parts, offer.delivery, stocked_of(shelves, parts, carriers, countries))
        for carriers in one_by_one(offer.carriers)
    ]
    return ShopPlan(
        offer=offer,
        plan=plan,
        quote=price_of(offer),
        parts=parts,
        countries=countries,
        hindrance=min(hindrances, key=bool),  # one carrier that has all of it will do
    )


def one_by_one(carriers: Sequence[int]) -> list[tuple[int, ...]]:
    """Each carrier behind a plan alone; once none for a plan that names none."""
    return [(carrier_id,) for carrier_id in carriers] or [()]


def stocked_of(
    shelves: Sequence[Shelf], parts: Parts, carriers: Sequence[int], countries: Sequence[str]
) -> list[tuple[str, bool]]:
    """By kind of stock whether any is there for lines on these carriers, as `hindrance_of`."""
    return [
        (kind, any(s.stocked for s in offering.serving(shelves, kind, carriers, countries)))
        for kind in ("number", *parts.sims)
    ]


def _total(quote: Quote) -> int:
    return quote.total_minor


def _by_family_place_and_term(each: ShopPlan) -> tuple[int, str, int, int, int]:
    # A month counts 31 days here, only so that "1 month" stands behind "30 days".
    days = each.offer.term.days + 31 * each.offer.term.months
    place = each.plan.region.code if each.plan.region else ""
    family = KINDS.index(each.offer.line_kind)
    return family, place, days, each.quote.total_minor, each.offer.plan_id
