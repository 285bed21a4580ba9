"""How an order is delivered around the network: what its kind may do, and what most kinds do."""

from datetime import datetime
from typing import Any, TypeAlias

from keepline.core.allowances import Allowance
from keepline.gateways.network.port import NetworkOperation, Subscriber
from keepline.lines.services import LockedLine
from keepline.orders.models import Order

Answer: TypeAlias = dict[str, Any] | None  # of the network; None: it was not asked
Left: TypeAlias = Allowance | None  # what a line has to use; None: the caller does not know


class Delivery:
    """Orders of one kind. docs/renewal.md, docs/purchase.md, docs/numbers.md, docs/carriers.md."""

    def possible(self, line: LockedLine) -> bool:
        """Whether a line in this state may still get what was ordered."""
        raise NotImplementedError

    def operation(
        self, order: Order, line: LockedLine, subscriber: Subscriber, left: Allowance
    ) -> NetworkOperation:
        """The whole service that shall stand. `left`: what the line has to use without it."""
        raise NotImplementedError

    def confirm(
        self, order: Order, line: LockedLine, network: Answer, now: datetime, left: Left = None
    ) -> None:
        """Gives what was ordered and ends the order. `left`: without what was ordered."""
        raise NotImplementedError

    def lock_stock(self, order: Order) -> None:
        """Locks the numbers, then the SIMs that `confirm` moves; before line, wallet and order."""

    def needs_network(self, order: Order, line: LockedLine) -> bool:
        """Whether the network must be told before the order can end well: what was decided when it
        was accepted."""
        return order.delivery == "network"

    def begin(self, order: Order, line: LockedLine, now: datetime) -> LockedLine:
        """The order was paid; the line as it is then. Inside the caller's transaction."""
        return line

    def prepare(self, order: Order, line: LockedLine, now: datetime) -> None:
        """What has to be done before the network is told. Safe to repeat.

        Raises NotYet when somebody did not answer, Impossible when it can never be.
        """

    def seal(self, order: Order, now: datetime) -> None:
        """What is done outside once the network has confirmed, and cannot be put back.

        Safe to repeat. Raises NotYet and Impossible as `prepare` does.
        """

    def may_end(self, order: Order, now: datetime, why: str) -> bool:
        """Whether the order may end without service, of which `why` is the code. False: it was
        planned for later."""
        return True

    def other_name(self, order: Order, line: LockedLine) -> Subscriber | None:
        """Under what else the network may have the line, when it is put back; None: nothing."""
        return None

    def let_go(self, order: Order, now: datetime) -> bool:
        """Frees what an order that ended without service held. False: to be tried again later."""
        return True
