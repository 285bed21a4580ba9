"""Reads an account's saved ways to pay, which lines they pay for, and what can be added."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.core.ways_to_pay import Way
from keepline.flows.list_ways_to_pay import list_ways_to_save
from keepline.lines import queries as lines
from keepline.lines.queries import PaidLine
from keepline.payments import methods
from keepline.payments.methods import MethodFacts

EXPIRES_SOON = timedelta(days=45)  # a bank sends the next card some weeks ahead


@dataclass(frozen=True, slots=True)
class MethodCard:
    """One saved method and the lines that it pays for when their wallet is short."""

    method: MethodFacts
    lines: Sequence[PaidLine]
    expired: bool
    expires_soon: bool


@dataclass(frozen=True, slots=True)
class MethodsView:
    """All of them, the newest first; `ways`: with which providers another can be saved."""

    cards: Sequence[MethodCard]
    ways: Sequence[Way]
    currency: str


def list_methods(account_id: UUID, now: datetime) -> MethodsView:
    """Four queries."""
    currency = accounts.account(account_id).currency
    paid = lines.lines_paid_by_methods(account_id)
    return MethodsView(
        cards=[
            MethodCard(
                method=each,
                lines=[line for line in paid if line.method_id == each.id],
                expired=each.ends_before(now),
                expires_soon=each.ends_before(now + EXPIRES_SOON),
            )
            for each in methods.methods_of(account_id)
        ],
        ways=list_ways_to_save(account_id, currency),
        currency=currency,
    )
