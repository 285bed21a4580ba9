"""Reads the plans that may renew a line, in the account's currency, by term and content."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan
from keepline.catalog.queries import PlanOffer
from keepline.catalog.taxes import taxed, treatment_for
from keepline.core.pricing import Quote, price_of
from keepline.flows.errors import FlowRefused
from keepline.flows.show_lines import LineCard, Surroundings, card, surroundings_of
from keepline.lines import queries as lines
from keepline.lines.queries import LineRow


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """One plan with its whole price; `current` is the plan the line lives on."""

    offer: PlanOffer
    plan: Plan
    quote: Quote
    current: bool


@dataclass(frozen=True, slots=True)
class PlanChoices:
    """Shortest term first, then cheapest first. `row` and `around` are what `line` was made of."""

    line: LineCard
    row: LineRow
    around: Surroundings
    currency: str
    choices: Sequence[PlanChoice]


def list_plans(
    line_id: UUID, account_id: UUID, now: datetime, currency: str | None = None
) -> PlanChoices:
    """What `renew_line.start` would accept. Raises FlowRefused("not_found")."""
    row = lines.line_of(line_id, account_id)
    if row is None:
        raise FlowRefused("not_found")
    currency = currency or accounts.account(account_id).currency
    around = surroundings_of(account_id, row, now)
    line = card(row, around, now)
    return PlanChoices(line, row, around, currency, plan_choices(row, line, currency, now))


def plan_choices(row: LineRow, line: LineCard, currency: str, now: datetime) -> list[PlanChoice]:
    """The plans for the line in one currency, as its holder is taxed. Two or three queries."""
    tax = treatment_for(row.account_id, now)
    offers = [
        taxed(offer, tax) for offer in catalog.offers_for(row.kind, row.carrier_id, currency, now)
    ]
    plans = catalog.plans_among({offer.plan_id for offer in offers})
    return [
        PlanChoice(
            offer=offer,
            plan=plans[offer.plan_id],
            quote=price_of(offer),
            current=offer.code == line.plan_code,
        )
        for offer in sorted(offers, key=_by_term_then_price)
    ]


def _by_term_then_price(offer: PlanOffer) -> tuple[int, int, int]:
    # A month counts 31 days here, only so that "1 month" stands behind "30 days".
    days = offer.term.days + 31 * offer.term.months
    return days, offer.price_minor, offer.plan_id
