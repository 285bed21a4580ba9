"""The one place that knows what an order needs next. Workers call it for every due order.

Each call takes one step (a network call and the transaction that books its answer) and leaves
the order at rest or due again; whatever dies on the way is due again when its lease ends.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from keepline.catalog import queries as catalog
from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.flows import cancel_order, order_profile
from keepline.flows.deliver_order import deliver, deliver_many
from keepline.flows.delivering.kinds import delivery_of
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_disputes import follow_disputes
from keepline.flows.open_payment import open_payment
from keepline.flows.refund_payment import refund
from keepline.flows.review_payment import give_up
from keepline.flows.settle_payment import CHECKOUT_OPEN_FOR, settle
from keepline.flows.withdraw_order import undo_delivery, withdraw
from keepline.gateways import switchboard
from keepline.lines import services as lines
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments import queries as payment_queries

ACTION = "order.advanced"
WAITING = order_queries.WAITING
AT_ONCE = 128  # told to the network in one exchange, and booked in one transaction


class Bundle(NamedTuple):
    """Orders that take their next step together. `lane`: whose elements they wait for, "" for those
    of all carriers that have none of their own."""

    lane: str
    order_ids: Sequence[UUID]


def bundles(order_ids: Collection[UUID], now: datetime) -> list[Bundle]:
    """Which of these orders take their next step together, the others alone.

    Together are those that wait for one network element, are within their promise, and move no
    stock: one that waits for an SM-DP+ keeps nobody else, nor does an element that is slow.
    """
    if not order_ids:
        return []
    together = order_queries.wait_without_stock(order_ids, now)
    lanes, many = _lanes(order_ids), defaultdict[str, list[UUID]](list)
    alone = []
    for order_id in order_ids:
        if order_id in together:
            many[lanes.get(order_id, "")].append(order_id)
        else:
            alone.append(Bundle(lanes.get(order_id, ""), [order_id]))
    shared = [
        Bundle(lane, ids[i : i + AT_ONCE])
        for lane, ids in many.items()
        for i in range(0, len(ids), AT_ONCE)
    ]
    return [*shared, *alone]


def _lanes(order_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The lane of each order; no query where all carriers have the same elements."""
    if not (switchboard.has_own("network") or switchboard.has_own("smdp_plus")):
        return {}
    found = order_queries.by_ids(order_ids).values()
    on = lines.lines_among([each.line_id for each in found if each.line_id], lock=False)
    codes = catalog.carrier_codes()
    carriers = {
        each.id: (each.stock or {}).get("carrier") or on[each.line_id].carrier_id
        for each in found
        if each.line_id
    }
    return {
        order_id: switchboard.lane_of(codes.get(of or 0, "")) for order_id, of in carriers.items()
    }


def advance_together(order_ids: Sequence[UUID], language: str, now: datetime) -> None:
    """Takes the orders of one bundle one step further."""
    if len(order_ids) > 1:
        deliver_many(order_ids, now)
    else:
        advance(order_ids[0], language, now)


def advance(order_id: UUID, language: str, now: datetime) -> OrderState:
    """Takes the order one step further; returns the state it is in then."""
    order = order_queries.by_id(order_id)
    if order.state == OrderState.ACKNOWLEDGED:
        _acknowledged(order, language, now)
    elif order.state == OrderState.PENDING:
        _pending(order, now)
    elif order.state in WAITING:
        if cancel_order.is_asked(order, now):
            cancel_order.finish(order_id, now)
        elif order.promised_until <= now:
            withdraw(order_id, now)
        else:
            deliver(order_id, now)
    else:
        _ended(order, now)
    return OrderState(order_queries.by_id(order_id).state)


def _acknowledged(order: Order, language: str, now: datetime) -> None:
    """Not paid yet: a checkout that never opened is opened, else the provider is asked."""
    payment = payment_queries.of_order(order.id)
    open_still = now - order.accepted_at <= CHECKOUT_OPEN_FOR
    if payment is not None and payment.state == PaymentState.CREATED and open_still:
        try:
            if open_payment(order.id, language, now):
                return
        except FlowRefused:
            return  # cancelled, and the holder was told
    settle(order.id, now)


def _pending(order: Order, now: datetime) -> None:
    """A person decides, or the payer's bank; nothing else that wakes the order sooner changes when
    it is given back."""
    if order.promised_until <= now:
        give_up(order.id, now)
    elif follow_disputes(order.id, now):
        orders.look_later(order, order.promised_until)


def _let_go(order: Order, now: datetime) -> bool:
    """Once the network is as before, what an order without service held goes back to stock; what
    one with service has replaced unused is given up."""
    if order.stock is None:
        return True
    if order.state == OrderState.COMPLETED:
        return order_profile.give_up(order, now)
    return delivery_of(order).let_go(order, now)


def _ended(order: Order, now: datetime) -> None:
    """Over, but money may still come in, and money or network may have to go back."""
    settle(order.id, now)
    followed = follow_disputes(order.id, now)  # first: what a bank has taken is not sent as well
    refunded = refund(order.id, now)
    undone = undo_delivery(order.id, now) and _let_go(order, now)
    if followed and refunded and undone:
        orders.come_to_rest(order)
