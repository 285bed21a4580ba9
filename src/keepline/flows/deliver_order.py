"""`order.delivered`: the network does what was paid for, or says no, or says nothing.

N  (what a kind of order does before: flows.delivering)
N  deliver_order.apply     the whole desired service, under the order's operation id
N  deliver_order.ask       after a silence: what became of it
N  (what cannot be put back: flows.delivering, seal)
T  deliver_order.confirm   everything that the order gives, its holds posted, proof
T  deliver_order.reject    void, give back
T  deliver_order.silent    held; asked about later, never guessed, withdrawn at the promise
T  deliver_order.moot      the line ended meanwhile: give back, and put the network back
T  deliver_order.impossible  what comes before was refused: the same

Many orders are delivered by one exchange and end in one transaction: each is decided on its own,
and one that fails alone does not keep the others. Orders of one line go one after the other, and
what is taken back of one before the next: each states the whole service, so the second must be
counted from what the first has given, and no late word about the first may follow the second's.
So they wait, too, while follow_network tells of the line (docs/network.md).
"""

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from keepline.core.lifecycle.order import OrderEvent, OrderState
from keepline.core.retries import delivery_ask_after
from keepline.flows import wake
from keepline.flows.delivering.kinds import delivery_of
from keepline.flows.delivering.outcomes import Impossible, NotYet
from keepline.flows.follow_disputes import look_if_told
from keepline.flows.line_at_network import subscribers_of
from keepline.flows.sale import give_back
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.network.port import NetworkAnswer, NetworkOperation, NetworkUnknown
from keepline.ledger import services as ledger
from keepline.lines import network_due
from keepline.lines import services as lines
from keepline.lines.services import LockedLine
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import CHANGES, Order
from keepline.payments import services as payments
from keepline.slots.sql import together
from keepline.usage import queries as usage

ACTION = "order.delivered"
WAITING = order_queries.WAITING
NEXT_IN_LINE_AFTER = timedelta(seconds=2)

log = structlog.get_logger(__name__)


class _Wish(NamedTuple):
    """An order, and what the network is told for it."""

    order: Order
    operation: NetworkOperation


class _Told(NamedTuple):
    """An order, and what the network answered when it was told of it."""

    order: Order
    answer: NetworkAnswer | NetworkUnknown


class _Answered(NamedTuple):
    """The same, with an answer."""

    order: Order
    answer: NetworkAnswer


class _Booked(NamedTuple):
    """An order under lock with its line, and the network's yes."""

    order: Order
    line: LockedLine
    answer: NetworkAnswer


def deliver(order_id: UUID, now: datetime) -> OrderState:
    """Takes a settled order to the network. Safe to repeat: the operation id is the order's."""
    deliver_many([order_id], now)
    return OrderState(order_queries.by_id(order_id).state)


def deliver_many(order_ids: Collection[UUID], now: datetime) -> None:
    """The same for many, in a few exchanges and transactions.

    What keeps one of many from its end is logged: it is due again when its lease ends.
    """
    seen = order_queries.by_ids(order_ids).values()
    waiting = [order for order in seen if order.state in WAITING]
    behind = order_queries.behind_others([order.id for order in waiting])
    told = network_due.being_told([order.served_line for order in waiting])
    behind |= {order.id for order in waiting if order.line_id in told}
    ready = _prepared([order for order in waiting if not _waits(order, behind, now)], now)
    if not ready:
        return
    heard = [each for told in _call(_operations(ready, now)) if (each := _sealed(told, now))]
    _silent([order.id for order, answer in heard if isinstance(answer, NetworkUnknown)], now)
    _end([_Answered(order, said) for order, said in heard if isinstance(said, NetworkAnswer)], now)


def _waits(order: Order, behind: Collection[UUID], now: datetime) -> bool:
    """Whether nothing can be done for it yet; it is planned for later then."""
    if not switchboard.has("network") and order_queries.is_unsent(order):
        # Nobody to tell: it waits untouched for its promise, and withdraw has nothing to undo.
        orders.look_later(order, order.promised_until, attempts=0)
        return True
    if order.id in behind:
        orders.look_later(order, min(now + NEXT_IN_LINE_AFTER, order.promised_until))
        return True
    return False


def _prepared(waiting: Sequence[Order], now: datetime) -> list[tuple[Order, LockedLine]]:
    """Those for which the network can be told now; for the others, what keeps them is noted."""
    seen = lines.lines_among([order.served_line for order in waiting], lock=False)
    ready = []
    for order in waiting:
        delivery, line = delivery_of(order), seen[order.served_line]
        if not delivery.possible(line):
            _moot(order, now)
            continue
        try:
            delivery.prepare(order, line, now)
        except NotYet as later:
            _later(order, later, now, attempts=0)  # nobody has been told of it yet
        except Impossible as never:
            _impossible(order, never.code, now)
        else:
            ready.append((order, line))
    return ready


def _operations(ready: Sequence[tuple[Order, LockedLine]], now: datetime) -> list[_Wish]:
    """What the network is told for each: the whole service, under who the line is there."""
    subscribers = subscribers_of([line for _, line in ready])
    left = usage.left_among(dict.fromkeys(subscribers, now))
    return [
        _Wish(order, delivery_of(order).operation(order, line, subscribers[line.id], left[line.id]))
        for order, line in ready
    ]


def _call(wishes: Sequence[_Wish]) -> list[_Told]:
    """After a silence the network is asked first; what it never saw is sent again."""
    try:
        network = switchboard.network()
    except NetworkUnknown as nobody:
        return [_Told(wish.order, nobody) for wish in wishes]
    told: list[_Told] = []
    asked = [wish for wish in wishes if wish.order.state == OrderState.HELD]
    if asked:
        with network_step("deliver_order.ask"):
            answers = network.ask_many([wish.operation for wish in asked])
        told = [
            _Told(wish.order, answer)
            for wish, answer in zip(asked, answers, strict=True)
            if not _never_seen(answer)
        ]
    known = {order.id for order, _ in told}
    sent = [wish for wish in wishes if wish.order.id not in known]
    if sent:
        with network_step("deliver_order.apply"):
            answers = network.apply_many([wish.operation for wish in sent])
        told += [_Told(wish.order, answer) for wish, answer in zip(sent, answers, strict=True)]
    return told


def _sealed(told: _Told, now: datetime) -> _Told | None:
    """With the last word outside, once the network has confirmed; None: there is none yet.

    After a no of the network the order ends, if what stands outside lets it.
    """
    order, answer = told
    if isinstance(answer, NetworkUnknown):
        return told
    if answer.outcome != "confirmed":
        return told if delivery_of(order).may_end(order, now, _refusal(answer)) else None
    try:
        delivery_of(order).seal(order, now)
    except NotYet as later:
        _later(order, later, now)
    except Impossible as never:
        _impossible(order, never.code, now)
    else:
        return told
    return None


def _later(order: Order, later: NotYet, now: datetime, **columns: int) -> None:
    """Nobody knows; or there is nothing to do before an instant that they named."""
    if later.at is None:
        _silent([order.id], now)
    else:
        orders.look_later(order, min(later.at, order.promised_until), **columns)


def _never_seen(answer: NetworkAnswer | NetworkUnknown) -> bool:
    return isinstance(answer, NetworkAnswer) and answer.outcome == "not_found"


def _silent(order_ids: Sequence[UUID], now: datetime) -> None:
    if not order_ids:
        return
    with transaction_step("deliver_order.silent"):
        for order in orders.lock_orders(order_ids).values():
            if order.state == OrderState.IN_PROGRESS:
                orders.transition(order, OrderEvent.HOLD, now)
            if order.state == OrderState.HELD:
                soon = now + delivery_ask_after(order.attempts, order.id)
                orders.look_again(order, min(soon, order.promised_until))
            elif order.state not in (*WAITING, OrderState.COMPLETED):
                _undo_later(order, now)  # it ended while the network was silent; may be applied


def _moot(seen: Order, now: datetime) -> None:
    """Nothing may be switched on for a line that ended: its number may be another's soon."""
    with transaction_step("deliver_order.moot"):
        ((order, line),) = _locked([seen])
        if order.state in WAITING and not delivery_of(order).possible(line):
            _reject(order, "state_refuses", now)
            _undo_later(order, now)


def _impossible(seen: Order, code: str, now: datetime) -> None:
    """What comes before the network was refused; an earlier try may have told it all the same."""
    with transaction_step("deliver_order.impossible"):
        ((order, _),) = _locked([seen])
        if order.state in WAITING:
            _reject(order, code[:40], now)
            _undo_later(order, now)


def _end(answered: Sequence[_Answered], now: datetime) -> None:
    """Each is booked; those that were confirmed and move no stock in one transaction."""
    many = [each for each in answered if _is_confirmed(each) and not each.order.stock]
    alone = [each for each in answered if not _is_confirmed(each) or each.order.stock]
    if len(many) > 1:
        try:
            _conclude(many, now)
        except Exception:
            log.exception("delivered_one_by_one", orders=len(many))
        else:
            many = []
    for each in (*many, *alone):
        try:
            _conclude([each], now)
        except Exception:
            if len(answered) == 1:
                raise
            log.exception("order_not_delivered", order=str(each.order.id))


def _is_confirmed(each: _Answered) -> bool:
    return each.answer.outcome == "confirmed"


def _conclude(answered: Sequence[_Answered], now: datetime) -> None:
    """Many that were confirmed, or one with whatever answer."""
    step = "confirm" if _is_confirmed(answered[0]) else "reject"
    with transaction_step(f"deliver_order.{step}"):
        booked: list[_Booked] = []
        locked = _locked([each.order for each in answered])
        for (order, line), (_, answer) in zip(locked, answered, strict=True):
            if step == "confirm" and order.state in WAITING and delivery_of(order).possible(line):
                booked.append(_Booked(order, line, answer))
            else:
                _without_service(order, answer, now)
        _confirm(booked, now)


def _locked(seen: Sequence[Order]) -> list[tuple[Order, LockedLine]]:
    """Stock, lines, wallets and orders under lock, in this order."""
    for order in seen:
        delivery_of(order).lock_stock(order)
    held = lines.lines_among([order.served_line for order in seen], lock=True)
    ledger.lock_wallets([order.wallet_id for order in seen])
    locked = orders.lock_orders([order.id for order in seen])
    return [(locked[order.id], held[order.served_line]) for order in seen]


def _without_service(order: Order, answer: NetworkAnswer, now: datetime) -> None:
    """The network said no, or the order or its line ended while it was asked."""
    if order.state not in WAITING:
        if answer.outcome == "confirmed" and order.state != OrderState.COMPLETED:
            _undo_later(order, now)
    elif answer.outcome != "confirmed":
        _reject(order, _refusal(answer), now)
        if order.kind in CHANGES:  # the line may have left its former name already
            _undo_later(order, now)
    else:
        _reject(order, "state_refuses", now)
        _undo_later(order, now)


def _refusal(answer: NetworkAnswer) -> str:
    return f"network_{answer.code or answer.outcome}"[:40]


def _reject(order: Order, code: str, now: datetime) -> None:
    give_back(order, payments.lock_payment(order.id), OrderEvent.REJECT, code, now)
    wake.orders()


def _confirm(booked: Sequence[_Booked], now: datetime) -> None:
    """Everything that the orders give. What moves stock comes alone: it waits for answers."""
    paid = payments.lock_payments([each.order.id for each in booked if each.order.payment_minor])
    left = usage.left_among({each.line.id: now for each in booked})
    with together() if len(booked) > 1 else nullcontext():
        for order, line, answer in booked:
            network = _proof(answer, now)
            delivery_of(order).confirm(order, line, network, now, left[line.id])
    for order, _, _ in booked:
        if order.id in paid:
            look_if_told(order, paid[order.id], now)


def _proof(answer: NetworkAnswer, now: datetime) -> dict[str, Any]:
    read_back = answer.read_back
    return {
        "outcome": "confirmed",
        "by": switchboard.network().name,
        "at": now.isoformat(),
        "state": read_back.state if read_back else None,
    }


def _undo_later(order: Order, now: datetime) -> None:
    """A late "applied" is undone, never booked: its money has gone back (docs/renewal.md)."""
    orders.look_again(order, now, undo_due=True)
    wake.orders()
