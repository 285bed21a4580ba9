"""`order.called_off`: a buyer takes an order back whose number has not come along yet.

    T  cancel_order.ask    under the order's lock: the wish stands
    (bring_number.cancel, bring_number.stays: the clearing house hears it, and its word counts)
    T  cancel_order.end    the money is free or on its way back, in one transaction with the end

What the order holds goes back to its shelf as after any end without service (advance_order). A
clearing house that says nothing is asked again by workers until it answers; one that says that the
number has come is believed, and the order goes on.
"""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from keepline.audit import services as audit
from keepline.core.lifecycle.order import OrderEvent
from keepline.core.lifecycle.port_in import PortInState
from keepline.flows import bring_number, wake
from keepline.flows.errors import FlowRefused
from keepline.flows.sale import CALLED_OFF, give_back
from keepline.flows.steps import transaction_step
from keepline.ledger import services as ledger
from keepline.lines import services as lines
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments import services as payments
from keepline.porting import ways_in
from keepline.porting.models import PortIn

ACTION = "order.called_off"
WAITING = order_queries.WAITING
# From then on a worker whose clock is a little ahead may be telling the network.
BEFORE_ITS_DATE = timedelta(minutes=5)

Standing = Literal["", "possible", "asked"]
# Over; not certain yet, and workers go on asking; or the number has come, and the line shall live.
Outcome = Literal["cancelled", "asked", "too_late"]


def standing_of(order: Order, row: PortIn | None, now: datetime) -> Standing:
    """Whether the order can be cancelled, or is being. `row`: bring_number.way_of the order."""
    if order.state not in WAITING or row is None or row.state == PortInState.PORTED:
        return ""
    if row.cancel_asked_at is not None:
        return "asked"
    if row.state == PortInState.GIVEN_UP or bring_number.is_stranded(row):
        return ""
    date = bring_number.cut_over_of(order)
    return "possible" if date is None or now < date - BEFORE_ITS_DATE else ""


def cancel(account_id: UUID, order_id: UUID, actor: str, now: datetime) -> Outcome:
    """Cancels the order, where the clearing house lets its number stay; what it came to.

    Safe to repeat. Raises FlowRefused: not_found, or cancel_refused for one that brings no number,
    or whose number is as good as here; then nothing has changed.
    """
    if order_queries.order_of(order_id, account_id) is None:
        raise FlowRefused("not_found")
    with transaction_step("cancel_order.ask"):
        order = orders.lock_order(order_id)
        if order.failure_code == CALLED_OFF:
            return "cancelled"
        standing = standing_of(order, bring_number.way_of(order), now)
        if standing == "":
            raise FlowRefused("cancel_refused")
        if standing == "possible":
            ways_in.note(ways_in.lock_way_in(order_id), cancel_asked_at=now)
            orders.look_again(order, now)
            audit.record(ACTION, actor=actor, now=now, account_id=account_id, subject_id=order_id)
    finish(order_id, now)
    wake.orders()
    order = order_queries.by_id(order_id)
    if order.failure_code == CALLED_OFF:
        return "cancelled"
    return "asked" if is_asked(order, now) else "too_late"


def is_asked(order: Order, now: datetime) -> bool:
    """Whether its buyer wants it back, and nobody has said yet what becomes of it."""
    return standing_of(order, bring_number.way_of(order), now) == "asked"


def finish(order_id: UUID, now: datetime) -> None:
    """Tells the clearing house, and ends the order on its word. For workers as well."""
    seen = order_queries.by_id(order_id)
    if not is_asked(seen, now) or not bring_number.stays_away(seen, now):
        return
    with transaction_step("cancel_order.end"):
        lines.lock_line(seen.served_line, seen.account_id)
        ledger.lock_wallet(seen.wallet_id)
        order = orders.lock_order(order_id)
        if order.state in WAITING:
            # The network was never told: it hears of the order at the date, and not of one that is
            # wanted back.
            payment = payments.lock_payment(order_id)
            give_back(order, payment, OrderEvent.CALL_OFF, CALLED_OFF, now)
    wake.orders()
    wake.outbox()
