"""`number.held`: a buyer holds a free number for fifteen minutes, the chosen one or any.

    T  hold_number.hold        the number, by SKIP LOCKED: nobody waits for anybody
    T  hold_number.put_down    the one that was held before it, where the buyer changed their mind

A hold is no act of the audit trail: it leaves nothing behind when it runs out. docs/inventory.md
tells how one is chosen when many want one at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.flows.errors import FlowRefused
from keepline.flows.list_numbers import shelves_for
from keepline.flows.steps import transaction_step
from keepline.inventory import holding, offering
from keepline.inventory import queries as inventory
from keepline.inventory.models import Number
from keepline.inventory.services import StockTaken

ACTION = "number.held"
MOST_HELD = 10  # by one account at once: who holds many keeps them from everybody else


@dataclass(frozen=True, slots=True)
class HeldNumber:
    """The number is this account's to buy until then."""

    e164: int
    until_at: datetime


def hold_number(
    account_id: UUID,
    pools: Sequence[int],
    e164: int | None,
    now: datetime,
    instead_of: int | None = None,
) -> HeldNumber:
    """Holds `e164`, or with None the number that lay free longest in the first pool that has any.

    `pools`: those that serve the plan (inventory.queries.pools_for). `instead_of`: a number that
    the buyer put down; it is free again when the other one is held. Raises FlowRefused:
    number_taken (choose another), none_free, too_many_held.
    """
    until_at = now + holding.HOLD_FOR
    with transaction_step("hold_number.hold"):
        if inventory.held_by(account_id, now) >= MOST_HELD:
            raise FlowRefused("too_many_held")
        try:
            if e164 is None:
                number = holding.hold_any(Number, pools, account_id, until_at, now)
            else:
                number = holding.hold(Number, e164, account_id, until_at, now, pools)
        except StockTaken:
            raise FlowRefused("number_taken") from None
        except holding.NoneFree:
            raise FlowRefused("none_free") from None
    if instead_of not in (None, number.e164):
        with transaction_step("hold_number.put_down"):
            holding.unhold(Number, instead_of, account_id, None, now)
    return HeldNumber(number.e164, until_at)


def hold_number_for(
    account_id: UUID,
    plan_code: str,
    e164: int | None,
    now: datetime,
    instead_of: int | None = None,
    country: str = "",
) -> HeldNumber:
    """Holds a number that serves the plan, in the account's currency; None for any.

    `country`: of which country any shall be, "" for all. Raises FlowRefused as `hold_number`,
    number_not_needed, plan_not_sold.
    """
    serving = shelves_for(plan_code, accounts.account(account_id).currency, now)
    if e164 is None:
        serving = [s for s in offering.most_fitting(serving) if country in ("", s.country)]
    return hold_number(account_id, [shelf.id for shelf in serving], e164, now, instead_of)
