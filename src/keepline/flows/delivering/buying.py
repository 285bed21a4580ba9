"""A purchase: a line that was reserved comes to life, with its number and its SIM.

Until the network has confirmed, number and SIM are held for the order and for no time: they come
free in `let_go` alone, after the network was put back, so nobody gets a number that another line
may still have there (docs/purchase.md).
"""

from dataclasses import replace
from datetime import datetime

from keepline.catalog.queries import PlanOffer, plan_offer
from keepline.core.allowances import Allowance
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.core.network_service import renewed
from keepline.core.terms import Period
from keepline.flows import order_profile
from keepline.flows.delivering.delivery import Answer, Delivery, Left
from keepline.flows.delivering.stock import assign_sims, lock_held, put_back, told_back
from keepline.flows.sale import complete_sale, period_of
from keepline.flows.steps import transaction_step
from keepline.gateways.network.port import NetworkOperation, Subscriber
from keepline.inventory import services as inventory
from keepline.lines import services as lines
from keepline.lines.services import LockedLine
from keepline.orders import services as orders
from keepline.orders.models import Order

ON_ITS_WAY = (LineState.RESERVED, LineState.PROVISIONING)
ACTOR = "worker"


class Purchase(Delivery):
    """Orders of the kind `purchase`."""

    def lock_stock(self, order: Order) -> None:
        """The number, then the card or profile."""
        lock_held(order)

    def possible(self, line: LockedLine) -> bool:
        """Whether the line still waits to begin."""
        return line.state in ON_ITS_WAY

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
            desired=renewed(self.period(order, line, offer).end_at, offer.allowance),
            order_id=order.id,
        )

    def period(self, order: Order, line: LockedLine, offer: PlanOffer) -> Period:
        """What the order pays for."""
        return period_of(order, line, offer)

    def give_number(self, order: Order, line: LockedLine, now: datetime) -> None:
        """The number that was held, if there is one, is the line's."""
        held = order.stock or {}
        if "number" in held:
            inventory.assign(held["number"], order.account_id, line.id, now)

    def put_back(self, order: Order, now: datetime) -> None:
        """What was held is on its shelf again."""
        put_back(order, now)

    def confirm(
        self, order: Order, line: LockedLine, network: Answer, now: datetime, left: Left = None
    ) -> None:
        """Number and SIM are the line's, its first period begins, the money is posted."""
        line = self.begin(order, line, now)
        self.give_number(order, line, now)
        assign_sims(order, line.id, now)
        for event, cause in ((LineEvent.PROVISIONED, "delivered"), (LineEvent.ACTIVATE, "bought")):
            line = replace(line, state=lines.transition(line, event, order.actor, cause, now))
        lines.note_activation(line, now)
        offer = plan_offer(order.plan_id, order.currency)
        complete_sale(order, line, offer, self.period(order, line, offer), now, network, left)

    def let_go(self, order: Order, now: datetime) -> bool:
        """The SM-DP+ takes its order back, stock goes back to the shelf, the line ends."""
        line = lines.read_line(order.served_line, order.account_id)
        if line.state not in ON_ITS_WAY:
            return True
        if line.state is LineState.PROVISIONING and not told_back(order, now):
            return False
        with transaction_step("buy_line.let_go"):
            self.lock_stock(order)
            locked = lines.lock_line(order.served_line, order.account_id)
            if orders.lock_order(order.id).undo_due:  # a late answer: the network has it again
                return False
            if locked.state in ON_ITS_WAY:
                self.put_back(order, now)
                reserved = locked.state is LineState.RESERVED
                event = LineEvent.RELEASE if reserved else LineEvent.FAIL_PROVISIONING
                lines.transition(locked, event, ACTOR, order.failure_code, now)
                lines.forget_names(locked)
        return True
