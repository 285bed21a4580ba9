"""Reads of orders. Those for holders name the account and find nothing of another's."""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Max, Q

from keepline.accounts import clocks
from keepline.core.ids import slot_of, slots_of
from keepline.core.lifecycle.order import OrderState
from keepline.orders.models import Order, OrderKind
from keepline.slots.sql import ask, fetch_all, fetch_one


def by_id(order_id: UUID) -> Order:
    """The order, for flows that already know whose it is. Raises Order.DoesNotExist."""
    order: Order = Order.objects.by_id(order_id)
    return order


def find(order_id: UUID) -> Order | None:
    """The order, for staff, whosever it is; None also for an id that is none of ours."""
    found: Order | None = Order.objects.find(order_id)
    return found


def by_ids(order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """Orders by id, for staff and letters, whosever they are. One query."""
    return {row.id: row for row in Order.objects.among(order_ids)}


def by_receipt(number: int, limit: int) -> list[Order]:
    """The orders whose receipts bear this number, one of each seller."""
    return list(Order.objects.filter(receipt_number=number).order_by("seller")[:limit])


WAITING = (OrderState.IN_PROGRESS, OrderState.HELD)  # for the network
PAID = (OrderState.PENDING, *WAITING)  # and not at their end
BY_CLOCK = "sweep"  # the channel of what nobody asked for by hand


def is_unsent(order: Order) -> bool:
    """Is it certain that the network was never told of the order, which waits for it?

    A silence would have made it `held`, and a worker that died while sending would have been one
    attempt before this one (services.claim_due counts them).
    """
    return order.state == OrderState.IN_PROGRESS and order.attempts <= 1


def last_settled_at(order: Order) -> datetime | None:
    """When the youngest order that waits for the network on the same line was settled."""
    rows = Order.objects.filter(slot=order.slot, line_id=order.line_id, state__in=WAITING)
    newest: datetime | None = rows.aggregate(Max("settled_at"))["settled_at__max"]
    return newest


def is_behind_another(order: Order) -> bool:
    """Is the network still to be told of an older order of the same line, or of its end?"""
    rows = Order.objects.filter(slot=order.slot, line_id=order.line_id)
    older = rows.filter(settled_at__lt=order.settled_at)
    return bool(older.filter(Q(state__in=WAITING) | Q(undo_due=True)).exists())


WITHOUT_STOCK = """
SELECT o.id FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[]) AS d(slot, id)
JOIN orders_order o ON o.slot = d.slot AND o.id = d.id
WHERE o.state IN ('in_progress', 'held') AND o.promise_until > %(now)s AND o.stock IS NULL
"""


def wait_without_stock(order_ids: Collection[UUID], now: datetime) -> set[UUID]:
    """Those that wait for the network, within their promise, and hold no stock. One query."""
    params = {"slots": [slot_of(each) for each in order_ids], "ids": list(order_ids), "now": now}
    return {row.id for row in fetch_all(WITHOUT_STOCK, params)}


BEHIND = """
SELECT o.id FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[]) AS d(slot, id)
JOIN orders_order o ON o.slot = d.slot AND o.id = d.id
WHERE EXISTS (
    SELECT FROM orders_order w WHERE w.slot = o.slot AND w.line_id = o.line_id
      AND w.state IN ('in_progress', 'held') AND w.settled_at < o.settled_at)
  OR EXISTS (
    SELECT FROM orders_order u WHERE u.slot = o.slot AND u.line_id = o.line_id
      AND u.undo_due AND u.settled_at < o.settled_at)
"""


def behind_others(order_ids: Collection[UUID]) -> set[UUID]:
    """Those of the orders for which `is_behind_another` holds. One query."""
    slots = [slot_of(order_id) for order_id in order_ids]
    return {row.id for row in fetch_all(BEHIND, {"slots": slots, "ids": list(order_ids)})}


UNDER_WAY = """
SELECT DISTINCT line_id FROM orders_order
WHERE slot = ANY(%(slots)s) AND line_id = ANY(%(lines)s) AND state = ANY(%(states)s)
  AND state IN ('acknowledged', 'pending', 'in_progress', 'held')
"""


def lines_with_orders(line_ids: Collection[UUID], unpaid: bool) -> set[UUID]:
    """Those of the lines that have an order under way; with `unpaid`, also one not paid yet."""
    states = (*PAID, OrderState.ACKNOWLEDGED) if unpaid else PAID
    params = {
        "slots": slots_of(line_ids),
        "lines": list(line_ids),
        "states": [state.value for state in states],
    }
    return {row.line_id for row in fetch_all(UNDER_WAY, params)}


# Two parts, each by an index of its own that holds few rows.
BETWEEN_ORDERS = """
SELECT line_id FROM orders_order
WHERE slot = ANY(%(slots)s) AND line_id = ANY(%(lines)s) AND state = ANY(%(states)s)
  AND state IN ('acknowledged', 'pending', 'in_progress', 'held')
UNION
SELECT line_id FROM orders_order
WHERE slot = ANY(%(slots)s) AND line_id = ANY(%(lines)s) AND undo_due
"""


def lines_told_by_orders(line_ids: Collection[UUID]) -> set[UUID]:
    """Those of the lines of which the network is told by an order, or put back after one."""
    if not line_ids:
        return set()
    params = {
        "slots": slots_of(line_ids),
        "lines": list(line_ids),
        "states": [state.value for state in WAITING],
    }
    return {row.line_id for row in fetch_all(BETWEEN_ORDERS, params)}


IN_REVIEW = """
SELECT DISTINCT account_id FROM orders_order
WHERE slot = ANY(%(slots)s) AND account_id = ANY(%(accounts)s) AND state = 'pending'
"""


def accounts_in_review(account_ids: Collection[UUID]) -> set[UUID]:
    """Those of the accounts that have paid for something at which a person looks first."""
    params = {
        "slots": slots_of(account_ids),
        "accounts": list(account_ids),
    }
    return {row.account_id for row in fetch_all(IN_REVIEW, params)}


def in_review(limit: int) -> list[Order]:
    """Orders of all accounts that wait for a person, the soonest to be given back first."""
    rows = Order.objects.filter(state=OrderState.PENDING)
    return list(rows.order_by("promise_until", "id")[:limit])


CLOCK_RENEWS = """
SELECT true AS renews FROM orders_order WHERE slot = %s AND line_id = %s AND channel = %s
  AND state IN ('acknowledged', 'pending', 'in_progress', 'held') LIMIT 1
"""


def asking_if_clock_renews(line_id: UUID) -> Callable[[], bool]:
    """Is an order under way by which the clock renews the line? May be sent along with others."""
    answer = ask(CLOCK_RENEWS, (slot_of(line_id), line_id, BY_CLOCK))
    return lambda: answer.one() is not None


def by_clock_among(order_ids: Collection[UUID]) -> set[UUID]:
    """Those of the orders that nobody asked for by hand. No query for none."""
    rows = Order.objects.among(order_ids).filter(channel=BY_CLOCK)
    return set(rows.values_list("id", flat=True))


def order_of(order_id: UUID, account_id: UUID) -> Order | None:
    """The order when it is this account's; None for any other."""
    order: Order | None = Order.objects.filter(
        slot=slot_of(account_id), id=order_id, account_id=account_id
    ).first()
    return order


def orders_of_line(line_id: UUID, account_id: UUID, limit: int) -> list[Order]:
    """The newest orders for one line, newest first, without what an import brought along."""
    # Found through the account's index: an account's orders are few, a line has no index here.
    rows = Order.objects.filter(slot=slot_of(account_id), account_id=account_id, line_id=line_id)
    return list(rows.exclude(kind=OrderKind.OPENING).order_by("-id")[:limit])


def orders_of_account(
    account_id: UUID, limit: int, before: UUID | None = None, line_id: UUID | None = None
) -> list[Order]:
    """The account's orders (of one line), newest first, older than the order `before`."""
    rows = Order.objects.filter(slot=slot_of(account_id), account_id=account_id)
    if before is not None:
        rows = rows.filter(id__lt=before)
    if line_id is not None:
        rows = rows.filter(line_id=line_id)
    return list(rows.exclude(kind=OrderKind.OPENING).order_by("-id")[:limit])


def orders_among(account_id: UUID, order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """By id, those of `order_ids` that are this account's."""
    rows = Order.objects.by_ids(slot_of(account_id), order_ids).filter(account_id=account_id)
    return {row.id: row for row in rows}


BRINGING = (OrderKind.PURCHASE, OrderKind.NEW_NUMBER, OrderKind.RECLAIM)


def orders_behind(account_id: UUID, line_ids: Collection[UUID]) -> dict[tuple[UUID, int], UUID]:
    """By line and number: the completed order that brought the number to the line. One query.

    A number that is on its line since the line was taken over has none.
    """
    rows = Order.objects.filter(slot=slot_of(account_id), account_id=account_id, kind__in=BRINGING)
    found = rows.filter(line_id__in=list(line_ids), state=OrderState.COMPLETED).order_by("id")
    return {
        (row.line_id, (row.stock or {}).get("number", 0)): row.id
        for row in found
        if row.line_id is not None
    }


def is_line_busy(line_id: UUID, account_id: UUID) -> bool:
    """Is an order of the line under way, or something of one that ended still to be put back?"""
    rows = Order.objects.filter(slot=slot_of(account_id), account_id=account_id, line_id=line_id)
    under_way = Q(state__in=(*PAID, OrderState.ACKNOWLEDGED)) | Q(undo_due=True)
    ended_with_stock = Q(next_action_at__isnull=False, stock__isnull=False) & ~Q(
        state=OrderState.COMPLETED
    )
    return bool(rows.filter(under_way | ended_with_stock).exists())


def last_completed_at(line_id: UUID, account_id: UUID, kind: OrderKind) -> datetime | None:
    """When the last order of this kind for the line was carried out; None without one."""
    # Found through the account's index, as orders_of_line.
    rows = Order.objects.filter(slot=slot_of(account_id), account_id=account_id, line_id=line_id)
    done = rows.filter(kind=kind, state=OrderState.COMPLETED)
    found: datetime | None = done.aggregate(last=Max("completed_at"))["last"]
    return found


def last_accepted_at(account_id: UUID) -> datetime | None:
    """When the account's youngest order was accepted; None without one."""
    rows = Order.objects.filter(slot=slot_of(account_id), account_id=account_id)
    found: datetime | None = rows.aggregate(last=Max("accepted_at"))["last"]
    return found


NEXT_DUE = """
SELECT o.next_action_at FROM orders_order o WHERE o.next_action_at IS NOT NULL AND {of_the_clock}
ORDER BY o.next_action_at LIMIT 1
"""


def next_due(clock_id: int) -> datetime | None:
    """When the first order of a clock's accounts is due; None when all of them rest."""
    statement = NEXT_DUE.format(of_the_clock=clocks.rows_of("o", clock_id))
    row = fetch_one(statement, {"clock": clock_id})
    return row.next_action_at if row else None


def reissues_since(line_id: UUID, account_id: UUID, since: datetime) -> list[Order]:
    """Orders by which the line's eSIM was re-issued, or is being; the first first."""
    rows = Order.objects.filter(slot=slot_of(account_id), account_id=account_id, line_id=line_id)
    mine = rows.filter(kind=OrderKind.NEW_SIM, stock__reissue=True, accepted_at__gt=since)
    over = (OrderState.FAILED, OrderState.CANCELLED, OrderState.WITHDRAWN)
    return list(mine.exclude(state__in=over).order_by("accepted_at"))
