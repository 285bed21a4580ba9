"""What each kind of order does around the network: one class a kind, all with the same methods.

deliver_order asks the network, withdraw_order takes back; both are the same for every kind. What
differs stands in these (flows.delivering.delivery):

    begin      T  the money is there: the line knows that it is on its way
    prepare    N  what comes before the network, in steps of its own (an eSIM is ordered)
    operation     what the network is told
    seal       N  the last word outside, which cannot be put back (a number is taken)
    confirm    T  the network did it: everything that the order gives
    let_go     NT it ended without service and the network is as before: stock is free again
"""

from keepline.flows import bring_number
from keepline.flows.delivering.bringing import BroughtPurchase
from keepline.flows.delivering.buying import Purchase
from keepline.flows.delivering.delivery import Delivery
from keepline.flows.delivering.renewing import Renewal
from keepline.flows.delivering.renumbering import NewNumber
from keepline.flows.delivering.swapping import NewSim
from keepline.flows.delivering.switching import NewCarrier
from keepline.orders.models import Order, OrderKind

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
