"""`port.heard`: the clearing house says that something changed: it is asked sooner, not believed.

    T  hear_of_port.hear    whatever waits for this porting is due now

What the call says of a state is not even read: the next look asks (follow_ports, bring_number). A
porting that we do not know may be one that another operator has just begun: then we ask for what
waits for our word. So a call that is lost, late, twice or out of turn changes nothing but the hour.
"""

from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.core.lifecycle.port_in import PortInState
from keepline.flows import wake
from keepline.flows.steps import transaction_step
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.porting import queries as port_queries
from keepline.porting import services as portings
from keepline.porting.models import PortIn

ACTION = "port.heard"


def hear(port_id: UUID, now: datetime) -> None:
    """`now`: real time. Safe to repeat."""
    with transaction_step("hear_of_port.hear"):
        brought = port_queries.under_way_in(port_id)
        if brought is not None:
            _look_at_the_order(brought, now)
        else:
            portings.make_due(port_id, now)
    wake.orders() if brought is not None else wake.ports()


def _look_at_the_order(brought: PortIn, now: datetime) -> None:
    order = orders.lock_order(brought.order_id)
    waits = order.state in order_queries.WAITING or brought.state == PortInState.RETURNING
    if waits and order.next_action_at is not None:
        at = clocks.now_for(brought.account_id, now)
        orders.look_again(order, min(order.next_action_at, at))
