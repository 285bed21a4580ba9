"""`order.delivered`: the network does what was paid for, or says no, or says nothing.

N  (what a kind of order does before: flows.delivering)
N  deliver_order.apply     the whole desired service, under the order's operation id
N  deliver_order.ask       after a silence: what became of it
T  deliver_order.confirm   everything that the order gives, its holds posted, proof
T  deliver_order.reject    void, give back
T  deliver_order.silent    held; asked about later, never guessed, withdrawn at the promise
T  deliver_order.moot      the line ended meanwhile: give back, and put the network back
T  deliver_order.impossible  what comes before was refused: the same

Orders of one line go one after the other, and what is taken back of one before the next: each
states the whole service, so the second must be counted from what the first has given, and no late
word about the first may follow the second's (docs/network.md).
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from keepline.core.lifecycle.order import OrderEvent, OrderState
from keepline.core.retries import delivery_ask_after
from keepline.flows import wake
from keepline.flows.delivering.kinds import delivery_of
from keepline.flows.delivering.outcomes import Impossible, NotYet
from keepline.flows.follow_disputes import look_if_told
from keepline.flows.sale import give_back
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.network.port import NetworkAnswer, NetworkOperation, NetworkUnknown
from keepline.ledger import services as ledger
from keepline.lines import services as lines
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments import services as payments

ACTION = "order.delivered"
WAITING = order_queries.WAITING
NEXT_IN_LINE_AFTER = timedelta(seconds=2)


def deliver(order_id: UUID, now: datetime) -> OrderState:
    """Takes a settled order to the network. Safe to repeat: the operation id is the order's."""
    order = order_queries.by_id(order_id)
    if order.state not in WAITING or _waits(order, now):
        return OrderState(order.state)
    delivery = delivery_of(order)
    line = lines.read_line(order.served_line, order.account_id)
    if not delivery.possible(line):
        return _moot(order_id, now)
    try:
        delivery.prepare(order, line, now)
        operation = delivery.operation(order, line, now)
        answer = _call(order, operation)
    except (NotYet, NetworkUnknown):
        return _silent(order_id, now)
    except Impossible as never:
        return _impossible(order_id, never.code, now)
    return _conclude(operation, answer, now)


def _waits(order: Order, now: datetime) -> bool:
    """Whether nothing can be done for it yet; it is planned for later then."""
    if not switchboard.has("network") and order_queries.is_unsent(order):
        # Nobody to tell: it waits untouched for its promise, and withdraw has nothing to undo.
        orders.look_later(order, order.promised_until, attempts=0)
        return True
    if order_queries.is_behind_another(order):
        orders.look_later(order, min(now + NEXT_IN_LINE_AFTER, order.promised_until))
        return True
    return False


def _call(order: Order, operation: NetworkOperation) -> NetworkAnswer:
    """After a silence the network is asked first; what it never saw is sent again."""
    network = switchboard.network()
    if order.state == OrderState.HELD:
        with network_step("deliver_order.ask"):
            answer = network.ask(operation)
        if answer.outcome != "not_found":
            return answer
    with network_step("deliver_order.apply"):
        return network.apply(operation)


def _silent(order_id: UUID, now: datetime) -> OrderState:
    with transaction_step("deliver_order.silent"):
        order = orders.lock_order(order_id)
        if order.state == OrderState.IN_PROGRESS:
            orders.transition(order, OrderEvent.HOLD, now)
        if order.state == OrderState.HELD:
            soon = now + delivery_ask_after(order.attempts)
            orders.look_again(order, min(soon, order.promised_until))
        elif order.state not in (*WAITING, OrderState.COMPLETED):
            _undo_later(order, now)  # it ended while the network was silent, and may be applied
    return OrderState(order.state)


def _moot(order_id: UUID, now: datetime) -> OrderState:
    """Nothing may be switched on for a line that ended: its number may be another's soon."""
    with transaction_step("deliver_order.moot"):
        order, line = _locked(order_id)
        if order.state in WAITING and not delivery_of(order).possible(line):
            _reject(order, "state_refuses", now)
            _undo_later(order, now)
    return OrderState(order.state)


def _impossible(order_id: UUID, code: str, now: datetime) -> OrderState:
    """What comes before the network was refused; an earlier try may have told it all the same."""
    with transaction_step("deliver_order.impossible"):
        order, _ = _locked(order_id)
        if order.state in WAITING:
            _reject(order, code[:40], now)
            _undo_later(order, now)
    return OrderState(order.state)


def _conclude(operation: NetworkOperation, answer: NetworkAnswer, now: datetime) -> OrderState:
    step = "confirm" if answer.outcome == "confirmed" else "reject"
    with transaction_step(f"deliver_order.{step}"):
        order, line = _locked(operation.operation_id)
        if order.state not in WAITING:
            if answer.outcome == "confirmed" and order.state != OrderState.COMPLETED:
                _undo_later(order, now)
        elif answer.outcome != "confirmed":
            _reject(order, f"network_{answer.code or answer.outcome}"[:40], now)
        elif not delivery_of(order).possible(line):
            _reject(order, "state_refuses", now)
            _undo_later(order, now)
        else:
            _confirm(order, line, answer, now)
    return OrderState(order.state)


def _locked(order_id: UUID) -> tuple[Order, lines.LockedLine]:
    """Stock, line, wallet and order under lock, in this order."""
    seen = order_queries.by_id(order_id)
    delivery_of(seen).lock_stock(seen)
    line = lines.lock_line(seen.served_line, seen.account_id)
    ledger.lock_wallet(seen.wallet_id)
    return orders.lock_order(order_id), line


def _reject(order: Order, code: str, now: datetime) -> None:
    give_back(order, payments.lock_payment(order.id), OrderEvent.REJECT, code, now)
    wake.orders()


def _confirm(order: Order, line: lines.LockedLine, answer: NetworkAnswer, now: datetime) -> None:
    read_back = answer.read_back
    network: dict[str, Any] = {
        "outcome": "confirmed",
        "by": switchboard.network().name,
        "at": now.isoformat(),
        "state": read_back.state if read_back else None,
    }
    delivery_of(order).confirm(order, line, network, now)
    if order.payment_minor:
        look_if_told(order, payments.lock_payment(order.id), now)


def _undo_later(order: Order, now: datetime) -> None:
    """A late "applied" is undone, never booked: its money has gone back (docs/renewal.md)."""
    orders.look_again(order, now, undo_due=True)
    wake.orders()
