"""`payouts.booked`: what a provider settled and paid out leaves clearing (docs/payouts.md).

    T  all payouts of a list, or none of them

Booked by the provider's own reference: the same list again moves nothing, and a list that tells
more of a payout (it has arrived) books the rest of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from keepline.audit import services as audit
from keepline.core.payouts import Payout, movements
from keepline.core.postings import HouseCode
from keepline.ledger import house
from keepline.ledger import services as ledger

ACTION = "payouts.booked"


class PayoutsRefused(Exception):
    """Nothing was booked; the sentence says which payout, and why."""


@dataclass(frozen=True, slots=True)
class BookedPayouts:
    """How many movements were new, and what stands afterwards, by account and currency."""

    new: int
    standing: dict[tuple[str, str], int]


def book_payouts(
    provider: str, payouts: Sequence[Payout], actor: str, now: datetime
) -> BookedPayouts:
    """Raises PayoutsRefused: another amount under a known reference, or more than was taken."""
    currencies = sorted({payout.currency for payout in payouts})
    with transaction.atomic():
        ledger.open_house_accounts(currencies, [provider])
        drafts = [draft for payout in payouts for draft in movements(payout)]
        known = house.booked_among([draft.id for draft in drafts])
        for payout in payouts:
            _must_be_the_same(payout, known)
        ledger.book(0, drafts, now)
        standing = house.standing(provider, currencies)
        for (code, currency), minor in standing.items():
            if code == HouseCode.CLEARING and minor > 0:
                raise PayoutsRefused(
                    f"{provider} would have settled {minor} minor units of {currency} more than it"
                    " took for us in that currency; reconcile first. A payout of what was taken in"
                    " another currency cannot be booked: leave it out of the list"
                )
        new = len({draft.id for draft in drafts} - known.keys())
        if new:
            facts = {"provider": provider, "payouts": len(payouts), "new": new}
            audit.record(ACTION, actor=actor, now=now, facts=facts)
    return BookedPayouts(new, standing)


def _must_be_the_same(payout: Payout, known: Mapping[UUID, tuple[UUID, int]]) -> None:
    for draft in movements(payout):
        this = draft.debit_id, draft.amount_minor
        if known.get(draft.id, this) != this:
            raise PayoutsRefused(f"{payout.reference} was booked with another amount")
