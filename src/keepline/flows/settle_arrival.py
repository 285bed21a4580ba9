"""`arrival.settled`: staff decide about a number that came from another operator without its line.

    T  settle_arrival.again      the network is told of the line once more, at once
    T  settle_arrival.give_up    the order ends, its money goes back, and the number does
    T  settle_arrival.returned   they have handed it back at the clearing house by hand

By itself the line is tried again every half an hour. A number that is given up goes back by itself
(return_number); by hand is for a clearing house that does not do it.
"""

from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.core.lifecycle.order import OrderEvent
from keepline.core.lifecycle.port_in import PortInEvent
from keepline.flows import bring_number, return_number, wake
from keepline.flows.errors import FlowRefused
from keepline.flows.refunding.deciding import checked_reason, record_decision
from keepline.flows.refunding.standing import Case, lock_case
from keepline.flows.sale import give_back
from keepline.flows.steps import transaction_step
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.porting import ways_in
from keepline.porting.models import PortIn

ACTION = "arrival.settled"


def again(order_id: UUID, actor: str, now: datetime) -> None:
    """Has the line tried at once; refused again, the number is back in the list.

    Raises FlowRefused: not_found, or arrival_settled where nobody need decide any more, or the
    order is over.
    """
    with transaction_step("settle_arrival.again"):
        case, row, now = _lock(order_id, now)
        if case.order.state not in order_queries.WAITING:
            raise FlowRefused("arrival_settled")
        ways_in.note(row, stranded_at=None, stranded_code="")
        date = bring_number.cut_over_of(case.order) or now
        orders.note_date(case.order, date, now + bring_number.AFTER_ITS_DATE)
        orders.look_again(case.order, now)
        record_decision(ACTION, case.order, "", actor, now, decision="again")
    wake.orders()


def give_up(order_id: UUID, reason: str, actor: str, now: datetime) -> None:
    """Ends the order without service, and has the number go back to where it came from.

    Raises FlowRefused: not_found, arrival_settled, and reason_missing.
    """
    reason = checked_reason(reason)
    with transaction_step("settle_arrival.give_up"):
        case, row, now = _lock(order_id, now)
        ways_in.transition(row, PortInEvent.RETURN, now)
        undo: dict[str, bool] = {}
        if case.order.state in order_queries.WAITING:
            give_back(case.order, case.payment, OrderEvent.REJECT, return_number.STRANDED, now)
            undo = {"undo_due": True}  # the network may have had a part of it
        orders.look_again(case.order, now, attempts=0, **undo)
        record_decision(ACTION, case.order, reason, actor, now, decision="given_up")
    wake.orders()
    wake.outbox()


def returned(order_id: UUID, reason: str, actor: str, now: datetime) -> None:
    """The number is back with its operator already. Raises FlowRefused as `give_up`."""
    reason = checked_reason(reason)
    order = order_queries.find(order_id)
    if order is None:
        raise FlowRefused("not_found")
    now = clocks.now_for(order.account_id, now)
    with transaction_step("settle_arrival.returned"):
        if not bring_number.is_brought(order) or not return_number.conclude(order, now):
            raise FlowRefused("arrival_settled")
        record_decision(ACTION, order, reason, actor, now, decision="returned")
    wake.outbox()


def _lock(order_id: UUID, now: datetime) -> tuple[Case, PortIn, datetime]:
    """Everything of the order, its way in, and what its account's clock shows."""
    case = lock_case(order_id)
    if not bring_number.is_brought(case.order):
        raise FlowRefused("arrival_settled")
    row = ways_in.lock_way_in(order_id)
    if not bring_number.is_stranded(row):
        raise FlowRefused("arrival_settled")
    return case, row, clocks.now_for(case.order.account_id, now)
