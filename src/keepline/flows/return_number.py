"""`number.returned`: a number that came without its line goes back to the operator it came from.

    (settle_arrival.give_up: staff give it up; its order ends, and its money goes back at once)
    N  return_number.ask         the clearing house shall give it back
    T  return_number.returned    it is the other operator's again, and the letter

The order stays due until the clearing house says so, or a person of staff who has done it by hand
(settle_arrival.returned). Until then the number is kept from everybody else.
"""

from datetime import datetime, timedelta
from typing import Final, Literal

import structlog

from keepline.core.lifecycle.port_in import PortInEvent, PortInState
from keepline.core.retries import doubled
from keepline.flows import wake
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.porting.port import PortingUnknown
from keepline.inventory import services as inventory
from keepline.messages import services as outbox
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.porting import queries as port_queries
from keepline.porting import ways_in

ACTION = "number.returned"
STRANDED: Final = "number_stranded"  # why such an order ended
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=5)

Standing = Literal["", "asked", "done"]
STANDINGS: dict[str, Standing] = {PortInState.RETURNING: "asked", PortInState.RETURNED: "done"}

log = structlog.get_logger(__name__)


def standing_of(order: Order) -> Standing:
    """Whether the order's number goes back, or has gone. No query for orders of all other ends."""
    row = port_queries.way_in(order.id) if order.failure_code == STRANDED else None
    return STANDINGS.get(row.state, "") if row is not None else ""


def is_under_way(order: Order) -> bool:
    """Whether its number is here still, and is to go back."""
    row = port_queries.way_in(order.id)
    return row is not None and row.state == PortInState.RETURNING


def give_back(order: Order, now: datetime) -> bool:
    """Whether nothing of the order's has to go back any more. False: the next look is planned."""
    row = port_queries.way_in(order.id)
    if row is None or row.state != PortInState.RETURNING:
        return True
    said = "nothing"
    try:
        with network_step("return_number.ask"):
            said = switchboard.porting().return_number(row.id).state
    except PortingUnknown as silence:
        log.warning("clearing_house_silent", reason=str(silence))
    if said != "returned":
        log.warning("number_not_returned", order=str(order.id), said=said)
        orders.look_later(order, now + doubled(FIRST_PAUSE, order.attempts, LONGEST_PAUSE))
        return False
    with transaction_step("return_number.returned"):
        conclude(order, now)
    wake.outbox()
    return True


def conclude(order: Order, now: datetime) -> bool:
    """In the caller's transaction: the other operator has it again. False: it did not go back."""
    number: int = (order.stock or {})["number"]
    inventory.lock_known(number)
    row = ways_in.lock_way_in(order.id)
    if row.state != PortInState.RETURNING:
        return False
    ways_in.transition(row, PortInEvent.TAKEN_BACK, now)
    inventory.stop_expecting(number, order.served_line, now)
    outbox.put(ACTION, order.account_id, order.line_id, order.id, now)
    return True
