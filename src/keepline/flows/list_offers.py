"""Reads the catalogue: what is on sale in a currency, whatever line it is for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan
from keepline.catalog.queries import PlanOffer

PAGE = 100


@dataclass(frozen=True, slots=True)
class OffersPage:
    """Offers by plan id, their plans with carrier and region. `next_after` None: the last page."""

    offers: Sequence[PlanOffer]
    plans: dict[int, Plan]
    next_after: int | None


def list_offers(
    currency: str, line_kind: str | None, now: datetime, after_plan_id: int = 0
) -> OffersPage:
    """One page of what is on sale. Two queries."""
    offers = catalog.offers_on_sale(currency, line_kind, now, PAGE + 1, after_plan_id)
    more, offers = len(offers) > PAGE, offers[:PAGE]
    plans = catalog.plans_among({offer.plan_id for offer in offers})
    return OffersPage(offers, plans, offers[-1].plan_id if more else None)
