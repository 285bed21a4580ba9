"""What each kind of order does around the network: one class a kind, all with the same methods.

deliver_order asks the network, withdraw_order takes back; both are the same for every kind. What
differs stands here:

    begin      T  the money is there: the line knows that it is on its way
    prepare    N  what comes before the network, in steps of its own (an eSIM is ordered)
    operation     what the network is told
    seal       N  the last word outside, which cannot be put back (a number is taken)
    confirm    T  the network did it: everything that the order gives
    let_go     NT it ended without service and the network is as before: stock is free again
"""

from datetime import datetime
from typing import Any, Protocol

from keepline.core.allowances import Allowance
from keepline.flows import bring_number
from keepline.flows.delivering.bringing import BroughtPurchase
from keepline.flows.delivering.buying import Purchase
from keepline.flows.delivering.renewing import Renewal
from keepline.flows.delivering.renumbering import NewNumber
from keepline.flows.delivering.swapping import NewSim
from keepline.flows.delivering.switching import NewCarrier
from keepline.gateways.network.port import NetworkOperation, Subscriber
from keepline.lines.services import LockedLine
from keepline.orders.models import Order, OrderKind


class Delivery(Protocol):
    """How orders of one kind are delivered. Docs: docs/renewal.md, docs/purchase.md,
    docs/numbers.md, docs/carriers.md."""

    def lock_stock(self, order: Order) -> None:
        """Locks the numbers, then the SIMs that `confirm` moves; before line, wallet and order."""
        ...

    def possible(self, line: LockedLine) -> bool:
        """Whether a line in this state may still get what was ordered."""
        ...

    def needs_network(self, order: Order, line: LockedLine) -> bool:
        """Whether the network must be told before the order can end well."""
        ...

    def begin(self, order: Order, line: LockedLine, now: datetime) -> LockedLine:
        """The order was paid; the line as it is then. Inside the caller's transaction."""
        ...

    def prepare(self, order: Order, line: LockedLine, now: datetime) -> None:
        """What has to be done before the network is told. Safe to repeat.

        Raises NotYet when somebody did not answer, Impossible when it can never be.
        """
        ...

    def operation(
        self, order: Order, line: LockedLine, subscriber: Subscriber, left: Allowance
    ) -> NetworkOperation:
        """The whole service that shall stand. `left`: what the line has to use without it."""
        ...

    def seal(self, order: Order, now: datetime) -> None:
        """What is done outside once the network has confirmed, and cannot be put back.

        Safe to repeat. Raises NotYet and Impossible as `prepare` does.
        """
        ...

    def may_end(self, order: Order, now: datetime) -> bool:
        """Whether the order may end without service. False: it was planned for later."""
        ...

    def other_name(self, order: Order, line: LockedLine) -> Subscriber | None:
        """Under what else the network may have the line, when it is put back; None: nothing."""
        ...

    def confirm(
        self,
        order: Order,
        line: LockedLine,
        network: dict[str, Any] | None,
        now: datetime,
        left: Allowance | None = None,
    ) -> None:
        """Gives what was ordered and ends the order.

        `network`: its answer, None: not asked. `left`: what the line has to use without it, where
        the caller knows.
        """
        ...

    def let_go(self, order: Order, now: datetime) -> bool:
        """Frees what an order that ended without service held. False: to be tried again later."""
        ...


_KINDS: dict[str, Delivery] = {
    OrderKind.RENEWAL: Renewal(),
    OrderKind.PURCHASE: Purchase(),
    OrderKind.NEW_NUMBER: NewNumber(),
    OrderKind.NEW_SIM: NewSim(),
    OrderKind.CARRIER: NewCarrier(),
}


_BROUGHT: Delivery = BroughtPurchase()


def delivery_of(order: Order) -> Delivery:
    """How this order is delivered. KeyError for kinds that are never delivered (top-ups)."""
    return _BROUGHT if bring_number.is_brought(order) else _KINDS[order.kind]
