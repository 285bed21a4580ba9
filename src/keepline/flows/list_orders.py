"""Reads an account's orders, newest first, with the codes of their plans."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from keepline.catalog import queries as catalog
from keepline.orders import queries as orders
from keepline.orders.models import Order

PAGE = 50


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """`plan_codes` by plan id. `next_before` is None on the last page."""

    orders: Sequence[Order]
    plan_codes: dict[int, str]
    next_before: UUID | None


def list_orders(
    account_id: UUID, before: UUID | None = None, line_id: UUID | None = None
) -> OrdersPage:
    """One page of orders older than `before`. Two queries, however many orders."""
    rows = orders.orders_of_account(account_id, PAGE + 1, before, line_id)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    plans = catalog.plans_among({row.plan_id for row in rows if row.plan_id})
    return OrdersPage(
        orders=rows,
        plan_codes={plan.id: plan.code for plan in plans.values()},
        next_before=rows[-1].id if more else None,
    )
