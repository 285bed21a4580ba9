"""`number.held`: a buyer holds a free number for fifteen minutes, the chosen one or any.

    T  hold_number.hold    the number, by SKIP LOCKED: nobody waits for anybody

A hold is no act of the audit trail: it leaves nothing behind when it runs out. docs/inventory.md
tells how one is chosen when many want one at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step
from keepline.inventory import holding
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
    account_id: UUID, pools: Sequence[int], e164: int | None, now: datetime
) -> HeldNumber:
    """Holds `e164`, or with None the number that lay free longest in the first pool that has any.

    `pools`: those that serve the plan (inventory.queries.pools_for). Raises FlowRefused:
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
    return HeldNumber(number.e164, until_at)
