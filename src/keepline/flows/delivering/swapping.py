"""Another SIM for a line that lives: its number goes to a new card or eSIM profile.

The old SIM serves until the network has confirmed the new one. A card is retired then. A profile
that was never downloaded is laid aside; one that is on a phone stays there as it is, without
service, until its holder deletes it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from keepline.core.allowances import Allowance
from keepline.core.lifecycle.card import CardEvent, CardState
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.profile import ProfileEvent, ProfileState
from keepline.flows import order_profile
from keepline.flows.delivering.changing import Change
from keepline.flows.delivering.stock import assign_sims, lock_held, told_back
from keepline.flows.steps import transaction_step
from keepline.inventory import queries as stock
from keepline.inventory import sims
from keepline.inventory.models import Card, Profile
from keepline.lines import changes
from keepline.lines.services import LockedLine
from keepline.orders.models import Order


class NewSim(Change):
    """Orders of the kind `new_sim` (flows.delivering.kinds.Delivery)."""

    action = "sim.swapped"
    states = (LineState.READY, LineState.ACTIVE, LineState.GRACE, LineState.BLOCKED)

    def lock_stock(self, order: Order) -> None:
        """The new SIM, which nobody else has; the old one is its line's, which is locked next."""
        lock_held(order)

    def renamed(self, order: Order, line: LockedLine) -> LockedLine:
        """On the SIM that is held."""
        return replace(line, iccid=_new(order))

    def is_free_for(self, order: Order) -> bool:
        """It may lie on the shelf again, but on no other line."""
        found = stock.sim(Card, _new(order)) or stock.sim(Profile, _new(order))
        return found is not None and found.line_id in (None, order.line_id)

    def prepare(self, order: Order, line: LockedLine, now: datetime) -> None:
        """An eSIM profile without an activation code is ordered at the SM-DP+."""
        if "profile" in (order.stock or {}):
            order_profile.order(order, line.id, now)

    def confirm(
        self,
        order: Order,
        line: LockedLine,
        network: dict[str, Any] | None,
        now: datetime,
        left: Allowance | None = None,
    ) -> None:
        """The new SIM is the line's, the old one is not used any more."""
        assign_sims(order, line.id, now)
        if line.iccid is not None:
            _retire(line, line.iccid, now)
        changes.change_sim(line, _new(order))
        self.complete(order, line, network, now)

    def let_go(self, order: Order, now: datetime) -> bool:
        """The SM-DP+ takes its order back, the new SIM goes back to the shelf."""
        if not told_back(order, now):
            return False
        with transaction_step("swap_sim.let_go"):
            return self.free_again(order, now)


def _retire(line: LockedLine, iccid: str, now: datetime) -> None:
    """What becomes of the SIM that was replaced; one that came with a base is in no stock."""
    card = stock.sim(Card, iccid)
    if card is not None and card.state in (CardState.ASSIGNED, CardState.BLOCKED):
        sims.change_card(iccid, line.id, CardEvent.RETIRE, now)
    profile = stock.sim(Profile, iccid)
    if profile is not None and profile.state == ProfileState.RELEASED:
        locked = sims.lock_sim(Profile, iccid)
        if locked.state == ProfileState.RELEASED:
            sims.change_profile(locked, ProfileEvent.RETIRE, now)


def _new(order: Order) -> str:
    held = order.stock or {}
    return str(held.get("card") or held["profile"])
