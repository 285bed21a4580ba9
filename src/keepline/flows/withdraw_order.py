"""`order.withdrawn`: the promise is kept when the service is not.

At the promised instant an order that the network has not confirmed is withdrawn by compare and
set, its money goes back, and the network is put back too.

    T  withdraw_order.withdraw
    N  withdraw_order.revert       bars the operation at the network, applied or not
    T  withdraw_order.reverted
"""

from datetime import datetime, timedelta
from uuid import UUID

from keepline.core.lifecycle.order import OrderEvent, OrderState
from keepline.core.retries import doubled
from keepline.flows import wake
from keepline.flows.sale import give_back
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.network.port import NetworkUnknown
from keepline.ledger import services as ledger
from keepline.lines import services as lines
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.payments import services as payments

ACTION = "order.withdrawn"
WAITING = order_queries.WAITING
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


def withdraw(order_id: UUID, now: datetime) -> OrderState:
    """Withdraws an order whose promise has passed; another state is left as it is."""
    with transaction_step("withdraw_order.withdraw"):
        seen = order_queries.by_id(order_id)
        lines.lock_line(seen.renewed_line, seen.account_id)
        ledger.lock_wallet(seen.wallet_id)
        order = orders.lock_order(order_id)
        if order.state in WAITING and order.promised_until <= now:
            payment = payments.lock_payment(order_id)
            may_be_applied = switchboard.has("network") or not order_queries.is_unsent(order)
            give_back(order, payment, OrderEvent.WITHDRAW, "promise_passed", now)
            orders.look_again(order, now, undo_due=may_be_applied)
            wake.orders()
    return OrderState(order.state)


def undo_delivery(order_id: UUID, now: datetime) -> bool:
    """Puts the network back. False when it gave no answer and is asked again later."""
    order = order_queries.by_id(order_id)
    if not order.undo_due:
        return True
    try:
        with network_step("withdraw_order.revert"):
            switchboard.network().revert(order.id, str(order.line_id))
    except NetworkUnknown:
        orders.look_later(order, now + doubled(FIRST_PAUSE, order.attempts, LONGEST_PAUSE))
        return False
    with transaction_step("withdraw_order.reverted"):
        orders.network_is_back(orders.lock_order(order_id))
    return True
