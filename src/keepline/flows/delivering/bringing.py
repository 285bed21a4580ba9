"""A purchase whose buyer brings the number: it comes from another operator at a date.

Until then number and line wait; the paid term begins at the date. The network is told first, the
number taken last (bring_number.take): from then on nothing can be put back, and nothing need be.
"""

from datetime import datetime
from typing import Any

from keepline.catalog.queries import PlanOffer
from keepline.core.terms import Period
from keepline.flows import bring_number, return_number
from keepline.flows.delivering.buying import Purchase
from keepline.flows.delivering.stock import put_back
from keepline.flows.sale import period_from
from keepline.inventory import services as inventory
from keepline.lines.services import LockedLine
from keepline.orders.models import Order


class BroughtPurchase(Purchase):
    """Orders of the kind `purchase` with a number that comes along."""

    def prepare(self, order: Order, line: LockedLine, now: datetime) -> None:
        """The other operator agrees and its date comes; then the eSIM is ordered."""
        bring_number.to_its_date(order, now)
        super().prepare(order, line, now)

    def period(self, order: Order, line: LockedLine, offer: PlanOffer) -> Period:
        """From the date of the number on."""
        return period_from(bring_number.cut_over_of(order) or order.accepted_at, line, offer)

    def seal(self, order: Order, now: datetime) -> None:
        """The number is taken."""
        bring_number.take(order, now)

    def may_end(self, order: Order, now: datetime, why: str) -> bool:
        """Whether money may go back: the number has not come."""
        return bring_number.stays_away(order, now, why)

    def give_number(self, order: Order, line: LockedLine, now: datetime) -> None:
        """It is here."""
        bring_number.arrive(order, now)

    def let_go(self, order: Order, now: datetime) -> bool:
        """First the clearing house hears that we do not want it, then as any purchase; a number
        that came without its line goes back last."""
        if not bring_number.stays_away(order, now) or not bring_number.is_forgotten(order, now):
            return False
        return super().let_go(order, now) and return_number.give_back(order, now)

    def put_back(self, order: Order, now: datetime) -> None:
        """The number stays where it is, unless it came; the SIM goes back to its shelf."""
        held: dict[str, Any] = order.stock or {}
        if not return_number.is_under_way(order):
            inventory.stop_expecting(held["number"], order.served_line, now)
        put_back(order, now)
