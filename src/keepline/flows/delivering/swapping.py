"""Another SIM for a line that lives: its number goes to a new card or eSIM profile.

The old SIM serves until the network has confirmed the new one. A card is retired then. A profile
that was never downloaded is taken back at the SM-DP+ and laid aside; one that is on a phone stays
there as it is, without service, until its holder deletes it.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from keepline.core.lifecycle.card import CardEvent, CardState
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.profile import ProfileEvent, ProfileState
from keepline.flows import order_profile
from keepline.flows.delivering.changing import Change
from keepline.flows.delivering.delivery import Answer, Left
from keepline.flows.delivering.elements import carrier_of
from keepline.flows.delivering.stock import assign_sims, told_back
from keepline.flows.steps import transaction_step
from keepline.gateways import switchboard
from keepline.inventory import queries as stock
from keepline.inventory import sims
from keepline.inventory.models import Card, Profile
from keepline.lines import changes
from keepline.lines.services import LockedLine
from keepline.orders.models import Order


class NewSim(Change):
    """Orders of the kind `new_sim`."""

    action = "sim.swapped"
    states: Collection[LineState] = (
        LineState.READY,
        LineState.ACTIVE,
        LineState.GRACE,
        LineState.BLOCKED,
    )

    def lock_stock(self, order: Order) -> None:
        """The new SIM, the old one and those that stand by: all of the line, which comes next."""
        before = (order.proof or {}).get("iccid_before")
        beside = [each.iccid for each in stock.standing_by(order.served_line)]
        sims.lock_sims({each for each in (new_sim_of(order), before, *beside) if each is not None})

    def renamed(self, order: Order, line: LockedLine) -> LockedLine:
        """On the SIM that is held."""
        return replace(line, iccid=new_sim_of(order))

    def is_free_for(self, order: Order) -> bool:
        """It may lie on the shelf again, but on no other line."""
        iccid = new_sim_of(order)
        found = stock.sim(Card, iccid) or stock.sim(Profile, iccid)
        return found is not None and found.line_id in (None, order.line_id)

    def prepare(self, order: Order, line: LockedLine, now: datetime) -> None:
        """An eSIM profile without an activation code is ordered at the SM-DP+."""
        if "profile" in (order.stock or {}):
            order_profile.order(order, line.id, now)

    def confirm(
        self, order: Order, line: LockedLine, network: Answer, now: datetime, left: Left = None
    ) -> None:
        """The new SIM is the line's, the old one is not used any more."""
        assign_sims(order, line.id, now)
        unused = self.leave(order, line, now)
        changes.change_sim(line, new_sim_of(order))
        self.complete(order, line, network, now, unused)

    def leave(self, order: Order, line: LockedLine, now: datetime) -> str | None:
        """The old SIM is retired; what stood by is on a phone that is not used any more.

        The ICCID of a profile that nobody downloaded, and that the SM-DP+ has to be told of yet.
        """
        for profile in stock.standing_by(line.id):
            sims.stand_by(profile, None)
        return None if line.iccid is None else retire(line, line.iccid, now)

    def let_go(self, order: Order, now: datetime) -> bool:
        """The SM-DP+ takes its order back, the new SIM goes back to the shelf."""
        if not told_back(order, now):
            return False
        with transaction_step("swap_sim.let_go"):
            return self.free_again(order, now)


def retire(line: LockedLine, iccid: str, now: datetime) -> str | None:
    """What becomes of the SIM that was replaced; one that came with a base is in no stock."""
    card = stock.sim(Card, iccid)
    if card is not None and card.state in (CardState.ASSIGNED, CardState.BLOCKED):
        sims.change_card(iccid, line.id, CardEvent.RETIRE, now)
    profile = stock.sim(Profile, iccid)
    if profile is None or profile.state != ProfileState.RELEASED:
        return None
    if switchboard.has_smdp_plus(carrier_of(profile)):
        return iccid
    sims.change_profile(profile, ProfileEvent.RETIRE, now)
    return None


def new_sim_of(order: Order) -> str:
    """The ICCID that the order brings the line onto."""
    held = order.stock or {}
    return str(held.get("card") or held.get("profile") or held["standby"])
