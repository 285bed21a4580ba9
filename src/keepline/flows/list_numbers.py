"""Reads the free numbers that a plan could be bought with, a few at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.catalog import queries as catalog
from keepline.catalog.queries import PlanOffer
from keepline.core.parts import parts_of
from keepline.flows.errors import FlowRefused
from keepline.inventory import offering
from keepline.inventory.models import StockKind
from keepline.inventory.offering import Shelf

SHOWN = 6  # numbers at once: a handful is chosen from, a list is searched


@dataclass(frozen=True, slots=True)
class FreeNumber:
    """One that may be chosen; `country` is that of its pool, "" when the pool has none.

    `unused_since`: when its last holder went, None where nobody has had it.
    """

    e164: int
    country: str
    unused_since: datetime | None = None


def list_numbers(
    account_id: UUID, plan_code: str, currency: str, now: datetime, country: str = "", page: int = 0
) -> Sequence[FreeNumber]:
    """Free ones for the plan, of `country` ("" for all); the next `page` has others.

    Raises FlowRefused: plan_not_sold, number_not_needed. Two queries, one more for a plan that was
    not asked for lately.
    """
    fitting = offering.most_fitting(shelves_for(plan_code, currency, now))
    return free_numbers(fitting, account_id, country, page)


def shelves_for(plan_code: str, currency: str, now: datetime) -> list[Shelf]:
    """The pools of numbers that serve the plan. Raises FlowRefused as `list_numbers`."""
    offer = catalog.offer_on_sale(plan_code, currency, now)
    if offer is None:
        raise FlowRefused("plan_not_sold")
    if not parts_of(offer.line_kind, offer.allowance).number:
        raise FlowRefused("number_not_needed")
    return serving(offer, StockKind.NUMBER, offering.shelves(now))


def serving(offer: PlanOffer, kind: str, among: Sequence[Shelf]) -> list[Shelf]:
    """Those that serve the offer with this kind of stock."""
    countries = catalog.countries_of(offer.region_id)
    return offering.serving(among, kind, offer.carriers, countries)


def free_numbers(
    fitting: Sequence[Shelf], account_id: UUID, country: str, page: int
) -> Sequence[FreeNumber]:
    """A few of these pools. One query."""
    countries = {shelf.id: shelf.country for shelf in fitting if country in ("", shelf.country)}
    found = offering.free_among(list(countries), account_id, SHOWN, page)
    return [FreeNumber(e164, countries[pool], since) for e164, pool, since in found]
