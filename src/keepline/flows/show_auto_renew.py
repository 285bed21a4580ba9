"""Reads how a line renews by itself, and what its holder may choose instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.flows.errors import FlowRefused
from keepline.flows.list_plans import PlanChoice, plan_choices
from keepline.flows.show_lines import LineCard, card, surroundings_of
from keepline.lines import queries as lines
from keepline.payments import methods
from keepline.payments.methods import MethodFacts


@dataclass(frozen=True, slots=True)
class AutoRenewChoices:
    """`card.auto_renew` says what is set; `plans` are in the currency of the line's wallet.

    `methods`: saved ways to pay that can be charged, the newest first.
    """

    card: LineCard
    plans: Sequence[PlanChoice]
    methods: Sequence[MethodFacts]


def show_auto_renew(line_id: UUID, account_id: UUID, now: datetime) -> AutoRenewChoices:
    """Raises FlowRefused("not_found") for a line of another account."""
    row = lines.line_of(line_id, account_id)
    if row is None:
        raise FlowRefused("not_found")
    around = surroundings_of(account_id, row, now)
    line = card(row, around, now)
    wallet = line.wallet
    return AutoRenewChoices(
        card=line,
        plans=plan_choices(row, line, wallet.currency, now) if wallet else [],
        methods=[each for each in methods.methods_of(account_id) if each.usable],
    )
