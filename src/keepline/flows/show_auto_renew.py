"""Reads how a line renews by itself, and what its holder may choose instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.catalog import queries as catalog
from keepline.core.agenda import agenda, lead_choices, tries_in_grace
from keepline.flows.errors import FlowRefused
from keepline.flows.list_plans import PlanChoice, plan_choices
from keepline.flows.show_lines import LineCard, card, surroundings_of
from keepline.lines import queries as lines


@dataclass(frozen=True, slots=True)
class AutoRenewChoices:
    """`plans`: in the currency of the line's wallet. `lead_choices`: days ahead of expiry, the
    earliest first, which is the policy's own; `tries_in_grace`: days into grace.
    `changeable`: whether set_auto_renew takes a line in this state.
    """

    card: LineCard
    plans: Sequence[PlanChoice]
    lead_choices: Sequence[int]
    tries_in_grace: Sequence[int]
    changeable: bool


def show_auto_renew(line_id: UUID, account_id: UUID, now: datetime) -> AutoRenewChoices:
    """Raises FlowRefused("not_found") for a line of another account."""
    row = lines.line_of(line_id, account_id)
    if row is None:
        raise FlowRefused("not_found")
    around = surroundings_of(account_id, row, now)
    line = card(row, around, now)
    rules = catalog.policy_of(around.policies[row.policy_id]).agenda
    return AutoRenewChoices(
        card=line,
        plans=plan_choices(row, line, line.wallet.currency, now) if line.wallet else [],
        lead_choices=lead_choices(rules),
        tries_in_grace=tries_in_grace(rules),
        changeable=bool(agenda(rules, row.state, auto_renew=False, lead_days=None)),
    )
