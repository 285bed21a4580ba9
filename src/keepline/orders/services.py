"""Writes of orders: keys, the order itself, its states, its due instant."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from psycopg.types.json import Jsonb

from keepline.accounts import clocks
from keepline.core.ids import slot_of, slots_of
from keepline.core.lifecycle.order import ORDER, OrderEvent, OrderState
from keepline.orders.models import Order
from keepline.slots.ids import new_id
from keepline.slots.sql import ask, execute, fetch_all, fetch_one, write

LEASE = timedelta(seconds=30)  # a worker that dies keeps an order from the others this long
FINAL = frozenset(
    {
        OrderState.COMPLETED,
        OrderState.FAILED,
        OrderState.CANCELLED,
        OrderState.WITHDRAWN,
    }
)


class KeyReused(Exception):
    """The key was used for another body."""


@dataclass(frozen=True)
class Claim:
    """`first` is True for the caller that shall do the work."""

    order_id: UUID
    first: bool


CLAIM_KEY = """
INSERT INTO orders_requestkey (slot, id, actor, flow, key, body_digest, order_id, seen_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (slot, actor, flow, key) DO NOTHING
"""


SEEN_KEY = """
SELECT order_id, body_digest FROM orders_requestkey
WHERE slot = %s AND actor = %s AND flow = %s AND key = %s
"""


def claim_key(
    slot: int, actor: str, flow: str, key: str, body_digest: bytes, now: datetime
) -> Callable[[], Claim]:
    """First sight of a key makes the order's id; a repeat gets the same one.

    A simultaneous twin waits here, on the unique index, until the first has committed; after
    lock_timeout it gives up with OperationalError. The claim is what the returned function
    tells, after the statement was answered; it raises KeyReused for another body.
    """
    order_id = new_id(slot)
    row = (slot, new_id(slot), actor, flow, key, body_digest, order_id, now)
    claimed = ask(CLAIM_KEY, row)

    def claim() -> Claim:
        if claimed.touched == 1:
            return Claim(order_id, first=True)
        seen = fetch_one(SEEN_KEY, (slot, actor, flow, key))
        assert seen is not None, "a conflicting key is visible once its transaction has ended"
        if bytes(seen.body_digest) != body_digest:
            raise KeyReused(key)
        return Claim(seen.order_id, first=False)

    return claim


COLUMNS = tuple(field.attname for field in Order._meta.concrete_fields)
JSON = ("proof", "exchange", "stock")
INSERT_ORDER = (  # names of our own columns, values as parameters
    f"INSERT INTO orders_order ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"  # noqa: S608
)


def new_order(order_id: UUID, **columns: Any) -> Order:
    """An order that is not written yet: acknowledged, and free to move before it is."""
    return Order(slot=slot_of(order_id), id=order_id, **columns)


def insert_order(order: Order) -> None:
    """Writes a new order; its id is the idempotency."""
    write(INSERT_ORDER, [_sent(column, getattr(order, column)) for column in COLUMNS])
    order._state.adding = False


def _sent(column: str, value: Any) -> Any:
    return Jsonb(value) if column in JSON and value is not None else value


def lock_order(order_id: UUID) -> Order:
    """The order under lock (last in the lock order: number, line, wallet, order)."""
    order: Order = (
        Order.objects.select_for_update(no_key=True)
        .filter(slot=slot_of(order_id), id=order_id)
        .get()
    )
    return order


def lock_orders(order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """The same for many, locked in the order of their ids. One query."""
    rows = Order.objects.select_for_update(no_key=True).filter(
        slot__in=slots_of(order_ids), id__in=list(order_ids)
    )
    return {row.id: row for row in rows.order_by("slot", "id")}


def transition(order: Order, event: OrderEvent, now: datetime, **columns: Any) -> OrderState:
    """Moves an order by `event`, compare and set, with the columns that change along.

    An order not written yet moves in memory; insert_order then writes where it got to.
    Raises core's IllegalTransition, or OrderMoved when another worker was faster (inside
    `together` at the end of the block).
    """
    source, target = order.state, OrderState(ORDER.next(OrderState(order.state), event))
    if target in FINAL:
        columns.setdefault("completed_at", now)
        columns.setdefault("next_action_at", None)
    if not order._state.adding:
        values = [target.value, *(_sent(name, value) for name, value in columns.items())]
        write(
            _moving(tuple(columns)),
            [*values, order.slot, order.id, str(source)],
            touches=1,
            otherwise=OrderMoved(order.id),
        )
    order.state = target
    for name, value in columns.items():
        setattr(order, name, value)
    return target


MOVE = "UPDATE orders_order SET state = %s{others} WHERE slot = %s AND id = %s AND state = %s"


@cache
def _moving(columns: tuple[str, ...]) -> str:
    """The statement that moves an order and sets these columns along; the names are our own."""
    return MOVE.format(others="".join(f", {name} = %s" for name in columns))


class OrderMoved(Exception):
    """The order left the state the caller decided on."""


def look_again(order: Order, at: datetime | None, **columns: Any) -> None:
    """Sets the instant at which a worker looks at the order next (None: at rest)."""
    Order.objects.filter(slot=order.slot, id=order.id).update(next_action_at=at, **columns)


def look_later(seen: Order, at: datetime | None, **columns: Any) -> bool:
    """Plans the next look as `look_again`, unless the order became due since it was `seen`.

    A webhook that comes while a provider is being asked sets the due instant; whoever asked must
    not push it away again. Returns False when that was so.
    """
    row = Order.objects.filter(slot=seen.slot, id=seen.id, next_action_at=seen.next_action_at)
    return bool(row.update(next_action_at=at, **columns))


def come_to_rest(seen: Order) -> None:
    """Nothing more is due, unless something became due since the order was `seen`."""
    Order.objects.filter(
        slot=seen.slot, id=seen.id, next_action_at=seen.next_action_at, undo_due=False
    ).update(next_action_at=None)


def count_call(order: Order) -> None:
    """The next call for the order's profile is another one: the last was refused for now."""
    stock = {**(order.stock or {}), "calls": (order.stock or {}).get("calls", 0) + 1}
    Order.objects.filter(slot=order.slot, id=order.id).update(stock=stock)
    order.stock = stock


def note_date(order: Order, date: datetime, promise_until: datetime) -> None:
    """When the number of the order comes along, and by when its line must live then."""
    stock = {**(order.stock or {}), "cut_over_at": date.isoformat()}
    Order.objects.filter(slot=order.slot, id=order.id).update(
        stock=stock, promise_until=promise_until
    )
    order.stock, order.promise_until = stock, promise_until


def note_put_back(order: Order) -> None:
    """What the order held is on the shelf again, and may be held by another order from now on."""
    stock = {**(order.stock or {}), "back": True}
    Order.objects.filter(slot=order.slot, id=order.id).update(stock=stock)
    order.stock = stock


def network_is_back(order: Order) -> None:
    """The network was put back; the due instant is left to whoever looks after the order."""
    Order.objects.filter(slot=order.slot, id=order.id).update(undo_due=False)


CLAIM_DUE = """
WITH due AS (
  SELECT o.slot, o.id FROM orders_order o
  WHERE o.next_action_at <= %(now)s AND o.slot BETWEEN %(first_slot)s AND %(last_slot)s
    AND (%(of_network)s::boolean IS NULL
         OR (o.state IN ('in_progress', 'held') AND o.stock IS NULL) = %(of_network)s)
    AND {of_the_clock}
  ORDER BY o.next_action_at LIMIT %(limit)s
  FOR NO KEY UPDATE OF o SKIP LOCKED
)
UPDATE orders_order o SET next_action_at = %(leased_until)s, attempts = least(attempts + 1, 30000)
FROM due
WHERE o.slot = due.slot AND o.id = due.id AND o.slot BETWEEN %(first_slot)s AND %(last_slot)s
RETURNING o.id
"""


def claim_due(
    now: datetime,
    limit: int,
    slots: tuple[int, int] = (0, 255),
    clock_id: int = clocks.REAL,
    of_network: bool | None = None,
) -> Sequence[UUID]:
    """Takes due orders for one worker. What it does not finish comes back after LEASE.

    Only those of accounts that live by the clock; `now` is what it shows. `of_network`: those that
    wait for the network alone, of which many are told at once; False: those that take a call each.
    """
    with transaction.atomic():
        rows = fetch_all(
            CLAIM_DUE.format(of_the_clock=clocks.rows_of("o", clock_id)),
            {
                "clock": clock_id,
                "now": now,
                "limit": limit,
                "of_network": of_network,
                "leased_until": now + LEASE,
                "first_slot": slots[0],
                "last_slot": slots[1],
            },
        )
    return [row.id for row in rows]


NUMBER_RECEIPTS = """
WITH series AS (
  SELECT seller, last_number FROM orders_receiptseries WHERE seller = %(seller)s
  FOR NO KEY UPDATE
), fresh AS (
  SELECT slot, id, row_number() OVER (ORDER BY completed_at, id) AS place
  FROM (
    SELECT slot, id, completed_at FROM orders_order
    WHERE seller = %(seller)s AND receipt_number IS NULL AND state = 'completed'
      AND kind <> 'opening'
    ORDER BY completed_at, id LIMIT %(limit)s
  ) AS page
), numbered AS (
  UPDATE orders_order o
  SET receipt_number = series.last_number + fresh.place, earned_from_on = %(earned_from)s
  FROM fresh, series
  WHERE o.slot = fresh.slot AND o.id = fresh.id AND o.receipt_number IS NULL
  RETURNING o.id, o.kind, o.plan_id, o.currency, o.total_minor - o.tax_minor AS net_minor,
            o.receipt_number
), moved AS (
  UPDATE orders_receiptseries s SET last_number = n.last
  FROM (SELECT max(receipt_number) AS last FROM numbered) AS n
  WHERE s.seller = %(seller)s AND n.last IS NOT NULL
)
SELECT id, kind, plan_id, currency, net_minor FROM numbered
"""


class NumberedOrder(NamedTuple):
    """An order that has just got its receipt number. `net_minor`: its total less its tax."""

    id: UUID
    kind: str
    plan_id: int | None
    currency: str
    net_minor: int


def lock_series(seller: str) -> None:
    """One numberer at a time: the row of the series is the lock, until the caller's commit.

    A statement of its own: one that waits for the lock inside NUMBER_RECEIPTS would have looked
    for orders before the wait, and would skip the numbers of those taken meanwhile.
    """
    execute(
        "INSERT INTO orders_receiptseries (seller, last_number) VALUES (%s, 0)"
        " ON CONFLICT (seller) DO NOTHING",
        (seller,),
    )
    fetch_one(
        "SELECT seller FROM orders_receiptseries WHERE seller = %s FOR NO KEY UPDATE",
        (seller,),
    )


def has_unnumbered(seller: str) -> bool:
    """Whether a completed order of the seller waits for its receipt number."""
    row = fetch_one(
        "SELECT true AS waits FROM orders_order WHERE seller = %s AND receipt_number IS NULL"
        " AND state = 'completed' AND kind <> 'opening' LIMIT 1",
        (seller,),
    )
    return row is not None


def number_receipts(seller: str, limit: int, earned_from: date) -> Sequence[NumberedOrder]:
    """Gives completed orders of a seller their receipt numbers, without a gap; returns them.

    The caller holds the lock of `lock_series`. `earned_from`: the first day not booked yet, from
    which their sales are scheduled.
    """
    params = {"seller": seller, "limit": limit, "earned_from": earned_from}
    rows = fetch_all(NUMBER_RECEIPTS, params)
    return [NumberedOrder(*row) for row in rows]
