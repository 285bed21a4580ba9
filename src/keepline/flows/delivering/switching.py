"""Another carrier for a line that lives: its service goes to a SIM of that carrier.

As a swap of the SIM, but for what becomes of the old profile: where the plan keeps profiles, one
that is on a phone stands by for the way back (docs/carriers.md).
"""

from dataclasses import replace
from datetime import datetime

from keepline.catalog import queries as catalog
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.profile import ON_A_PHONE
from keepline.flows.delivering.delivery import Answer, Left
from keepline.flows.delivering.stock import told_back
from keepline.flows.delivering.swapping import NewSim, retire
from keepline.flows.steps import transaction_step
from keepline.inventory import queries as stock
from keepline.inventory import sims
from keepline.inventory.models import Profile
from keepline.lines import changes
from keepline.lines.services import LockedLine
from keepline.orders.models import Order


class NewCarrier(NewSim):
    """Orders of the kind `carrier`."""

    action = "carrier.switched"
    states = (LineState.READY, LineState.ACTIVE, LineState.GRACE)

    def renamed(self, order: Order, line: LockedLine) -> LockedLine:
        """On the other carrier, and on its SIM."""
        return replace(super().renamed(order, line), carrier_id=(order.stock or {})["carrier"])

    def confirm(
        self, order: Order, line: LockedLine, network: Answer, now: datetime, left: Left = None
    ) -> None:
        """The line is on the other carrier, and on its SIM."""
        changes.change_carrier(line, (order.stock or {})["carrier"])
        super().confirm(order, line, network, now, left)

    def leave(self, order: Order, line: LockedLine, now: datetime) -> str | None:
        """The old profile stands by, if it can; the new one, or one in its place, does no more."""
        held, plan = order.stock or {}, catalog.plans_among({line.plan_id})[line.plan_id]
        if "card" in held or not plan.keeps_profiles or line.iccid is None:
            return super().leave(order, line, now)
        for profile in stock.standing_by(line.id):
            if profile.standby_carrier_id == held["carrier"]:
                sims.stand_by(profile, None)
        old = stock.sim(Profile, line.iccid)
        if old is None or old.state not in ON_A_PHONE or line.carrier_id is None:
            return retire(line, line.iccid, now)
        sims.stand_by(old, line.carrier_id)
        return None

    def let_go(self, order: Order, now: datetime) -> bool:
        """The SM-DP+ takes its order back, the new SIM goes back to the shelf, or stands by."""
        if not told_back(order, now):
            return False
        with transaction_step("switch_carrier.let_go"):
            return self.free_again(order, now)
