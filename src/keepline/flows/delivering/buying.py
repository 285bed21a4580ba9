"""A purchase: a line that was reserved comes to life, with its number and its SIM.

Until the network has confirmed, number and SIM are held for the order and for no time: they come
free in `let_go` alone, after the network was put back, so nobody gets a number that another line
may still have there (docs/purchase.md).
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from keepline.catalog.queries import plan_offer
from keepline.core.allowances import Allowance
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.profile import ProfileEvent, ProfileState
from keepline.core.network_service import renewed
from keepline.flows import order_profile
from keepline.flows.sale import complete_sale, period_of
from keepline.flows.steps import transaction_step
from keepline.gateways.network.port import NetworkOperation, Subscriber
from keepline.inventory import holding, sims
from keepline.inventory import queries as stock
from keepline.inventory import services as inventory
from keepline.inventory.models import Card, Number, Profile
from keepline.lines import services as lines
from keepline.lines.services import LockedLine
from keepline.orders import services as orders
from keepline.orders.models import Order

ON_ITS_WAY = (LineState.RESERVED, LineState.PROVISIONING)
ACTOR = "worker"
# A call that began before the promise passed has ended by then, and what it did was put back.
CALLS_END_WITHIN = timedelta(minutes=5)


class Purchase:
    """Orders of the kind `purchase` (flows.delivering.kinds.Delivery)."""

    def lock_stock(self, order: Order) -> None:
        """The number, then the card or profile."""
        held = order.stock or {}
        if "number" in held:
            inventory.lock_number(held["number"])
        if "card" in held:
            sims.lock_sim(Card, held["card"])
        if "profile" in held:
            sims.lock_sim(Profile, held["profile"])

    def possible(self, line: LockedLine) -> bool:
        """Whether the line still waits to begin."""
        return line.state in ON_ITS_WAY

    def needs_network(self, order: Order, line: LockedLine) -> bool:
        """Decided when the order was accepted."""
        return order.delivery == "network"

    def begin(self, order: Order, line: LockedLine, now: datetime) -> LockedLine:
        """Reserved becomes provisioning."""
        if line.state is not LineState.RESERVED:
            return line
        state = lines.transition(line, LineEvent.PROVISION, order.actor, "paid", now)
        return replace(line, state=state)

    def prepare(self, order: Order, line: LockedLine, now: datetime) -> None:
        """An eSIM profile without an activation code is ordered at the SM-DP+."""
        if "profile" in (order.stock or {}):
            order_profile.order(order, line.id, now)

    def operation(
        self, order: Order, line: LockedLine, subscriber: Subscriber, left: Allowance
    ) -> NetworkOperation:
        """Service from the start, under the number and the SIM that are held."""
        offer = plan_offer(order.plan_id, order.currency)
        return NetworkOperation(
            operation_id=order.id,
            subscriber=subscriber,
            desired=renewed(period_of(order, line, offer).end_at, offer.allowance),
            order_id=order.id,
        )

    def confirm(
        self,
        order: Order,
        line: LockedLine,
        network: dict[str, Any] | None,
        now: datetime,
        left: Allowance | None = None,
    ) -> None:
        """Number and SIM are the line's, its first period begins, the money is posted."""
        line = self.begin(order, line, now)
        self._assign(order, line, now)
        for event, cause in ((LineEvent.PROVISIONED, "delivered"), (LineEvent.ACTIVATE, "bought")):
            line = replace(line, state=lines.transition(line, event, order.actor, cause, now))
        lines.note_activation(line, now)
        offer = plan_offer(order.plan_id, order.currency)
        complete_sale(order, line, offer, period_of(order, line, offer), now, network, left)

    def _assign(self, order: Order, line: LockedLine, now: datetime) -> None:
        held = order.stock or {}
        if "number" in held:
            inventory.assign(held["number"], order.account_id, line.id, now)
        if "card" in held:
            sims.assign_card(held["card"], order.account_id, line.id, now)
        if "profile" in held:
            profile = stock.sim(Profile, held["profile"])
            if profile is not None and profile.state == ProfileState.HELD:  # its code came with it
                event = ProfileEvent.RELEASE
                sims.assign_profile(profile.iccid, order.account_id, line.id, event, now)

    def let_go(self, order: Order, now: datetime) -> bool:
        """The SM-DP+ takes its order back, stock goes back to the shelf, the line ends."""
        line = lines.read_line(order.served_line, order.account_id)
        if line.state not in ON_ITS_WAY:
            return True
        if line.state is LineState.PROVISIONING and not self._told_back(order, now):
            return False
        with transaction_step("buy_line.let_go"):
            self.lock_stock(order)
            locked = lines.lock_line(order.served_line, order.account_id)
            if orders.lock_order(order.id).undo_due:  # a late answer: the network has it again
                return False
            if locked.state in ON_ITS_WAY:
                _put_back(order, now)
                reserved = locked.state is LineState.RESERVED
                event = LineEvent.RELEASE if reserved else LineEvent.FAIL_PROVISIONING
                lines.transition(locked, event, ACTOR, order.failure_code, now)
                lines.forget_names(locked)
        return True

    def _told_back(self, order: Order, now: datetime) -> bool:
        """Nobody outside has the line any more: no call is under way, the SM-DP+ took it back."""
        if order.state == OrderState.WITHDRAWN and order.completed_at is not None:
            settled_at = order.completed_at + CALLS_END_WITHIN
            if now < settled_at:
                orders.look_later(order, settled_at)
                return False
        return "profile" not in (order.stock or {}) or order_profile.take_back(order, now)


def _put_back(order: Order, now: datetime) -> None:
    held = order.stock or {}
    whose = order.account_id, order.line_id
    if "number" in held:
        holding.unhold(Number, held["number"], *whose, now)
    if "card" in held:
        holding.unhold(Card, held["card"], *whose, now)
    free = "profile" in held and holding.unhold(Profile, held["profile"], *whose, now)
    if free and order.failure_code in order_profile.LAY_ASIDE:
        profile = sims.lock_sim(Profile, held["profile"])
        sims.change_profile(profile, ProfileEvent.RETIRE, now)
