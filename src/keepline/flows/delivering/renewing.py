"""A renewal: the line that is there gets a further period."""

from datetime import datetime

from keepline.catalog.queries import plan_offer, policy_values
from keepline.core.allowances import Allowance
from keepline.core.lifecycle.line import LINE, LineEvent
from keepline.core.network_service import renewed
from keepline.core.renewal import is_cut
from keepline.flows.delivering.delivery import Answer, Delivery, Left
from keepline.flows.sale import complete_sale, period_of
from keepline.gateways.network.port import NetworkOperation, Subscriber
from keepline.lines.services import LockedLine
from keepline.orders.models import Order


class Renewal(Delivery):
    """Orders of the kind `renewal`, which moves no stock."""

    def possible(self, line: LockedLine) -> bool:
        """Whether the line's state lets it be renewed."""
        return LineEvent.RENEW in LINE.allowed(line.state)

    def needs_network(self, order: Order, line: LockedLine) -> bool:
        """What the order said, or because the line's service has been cut since."""
        return order.delivery == "network" or is_cut(line, policy_values(line.policy_id))

    def operation(
        self, order: Order, line: LockedLine, subscriber: Subscriber, left: Allowance
    ) -> NetworkOperation:
        """Service until the new expiry, with what is left and what is added."""
        offer = plan_offer(order.plan_id, order.currency)
        total = left.plus(offer.allowance)
        return NetworkOperation(
            operation_id=order.id,
            subscriber=subscriber,
            desired=renewed(period_of(order, line, offer).end_at, total),
            order_id=order.id,
        )

    def confirm(
        self, order: Order, line: LockedLine, network: Answer, now: datetime, left: Left = None
    ) -> None:
        """Extends the line and posts the money."""
        offer = plan_offer(order.plan_id, order.currency)
        complete_sale(order, line, offer, period_of(order, line, offer), now, network, left)
