"""`order.withdrawn`: the promise is kept when the service is not.

At the promised instant an order that the network has not confirmed is withdrawn by compare and
set, its money goes back, and the network is put back too: it is told what the books say without the
order.

    T  withdraw_order.withdraw
    N  withdraw_order.revert       applied or not; barred where the network remembers operations
    T  withdraw_order.reverted     or told again, when the books moved meanwhile
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from keepline.core.lifecycle.order import OrderEvent, OrderState
from keepline.core.retries import doubled
from keepline.flows import bring_number, wake
from keepline.flows.delivering.kinds import delivery_of
from keepline.flows.line_at_network import standing_of, subscriber_of
from keepline.flows.sale import give_back
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.network.port import DesiredService, NetworkUnknown
from keepline.ledger import services as ledger
from keepline.lines import network_due
from keepline.lines import services as lines
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments import services as payments

ACTION = "order.withdrawn"
WAITING = order_queries.WAITING
# Later orders of the line wait for it, and their promise is ten minutes by default.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=5)
NEXT_IN_LINE_AFTER = timedelta(seconds=2)

log = structlog.get_logger(__name__)


def withdraw(order_id: UUID, now: datetime) -> OrderState:
    """Withdraws an order whose promise has passed; another state is left as it is, and so is one
    that may not end yet (flows.delivering, may_end)."""
    waits = order_queries.by_id(order_id)
    if waits.state in WAITING and not delivery_of(waits).may_end(waits, now, "promise_passed"):
        return OrderState(waits.state)
    with transaction_step("withdraw_order.withdraw"):
        seen = order_queries.by_id(order_id)  # its stock is let go later (advance_order)
        lines.lock_line(seen.served_line, seen.account_id)
        ledger.lock_wallet(seen.wallet_id)
        order = orders.lock_order(order_id)
        if order.state in WAITING and order.promised_until <= now:
            payment = payments.lock_payment(order_id)
            may_be_applied = switchboard.has("network") or not order_queries.is_unsent(order)
            if bring_number.is_undated(order):
                give_back(order, payment, OrderEvent.WITHDRAW, "port_silent", now)
            else:
                give_back(order, payment, OrderEvent.WITHDRAW, "promise_passed", now)
            orders.look_again(order, now, undo_due=may_be_applied)
            wake.orders()
    return OrderState(order.state)


def undo_delivery(order_id: UUID, now: datetime) -> bool:
    """Puts the network back to what the books say. False when it is to be told (again) later."""
    order = order_queries.by_id(order_id)
    if not order.undo_due:
        return True
    being_told = network_due.being_told([order.served_line])
    if being_told or order_queries.is_behind_another(order):
        orders.look_later(order, now + NEXT_IN_LINE_AFTER)
        return False
    line = lines.read_line(order.served_line, order.account_id)
    told = standing_of(line, now)
    who = replace(subscriber_of(line), former=delivery_of(order).other_name(order, line))
    try:
        with network_step("withdraw_order.revert"):
            answer = switchboard.network().revert(order.id, who, told)
    except NetworkUnknown:
        orders.look_later(order, now + doubled(FIRST_PAUSE, order.attempts, LONGEST_PAUSE))
        return False
    if answer.outcome == "rejected":
        # Asked again it says the same; comparing lines with the network finds what it holds.
        log.error("network_not_put_back", order=str(order.id), code=answer.code)
    return _reverted(order, told, now)


def _reverted(order: Order, told: DesiredService | None, now: datetime) -> bool:
    """Done, unless the line moved meanwhile: then what was told is not what should stand."""
    with transaction_step("withdraw_order.reverted"):
        line = lines.lock_line(order.served_line, order.account_id)
        locked = orders.lock_order(order.id)
        if standing_of(line, now) != told:
            orders.look_again(locked, now)
            return False
        orders.network_is_back(locked)
    return True
