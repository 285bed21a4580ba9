"""Reads the catalogue: what is on sale in a currency, whatever line it is for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan
from keepline.catalog.queries import PlanOffer
from keepline.catalog.taxes import taxed, treatment_for

PAGE = 100


@dataclass(frozen=True, slots=True)
class OffersPage:
    """Offers by plan id, their plans with carrier and region. `next_after` None: the last page."""

    offers: Sequence[PlanOffer]
    plans: dict[int, Plan]
    next_after: int | None


def list_offers(
    currency: str,
    line_kind: str | None,
    now: datetime,
    after_plan_id: int = 0,
    account_id: UUID | None = None,
) -> OffersPage:
    """One page of what is on sale, taxed as for the account (None: as the plans say).

    Two or three queries.
    """
    tax = treatment_for(account_id, now) if account_id else None
    offers = catalog.offers_on_sale(currency, line_kind, now, PAGE + 1, after_plan_id)
    more, offers = len(offers) > PAGE, offers[:PAGE]
    plans = catalog.plans_among({offer.plan_id for offer in offers})
    following = offers[-1].plan_id if more else None
    return OffersPage([taxed(offer, tax) for offer in offers], plans, following)
