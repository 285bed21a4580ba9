"""`revenue.recognised`: what was sold is earned over its term, day by day (docs/revenue.md).

    T  recognise_revenue.number   completed orders get receipt numbers; their sales are scheduled
    T  recognise_revenue.day      one day is booked: deferred_revenue -> revenue, a sum per plan

A sale is scheduled in the transaction that numbers its order, and an order is numbered once.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from keepline.core.ids import slot_of
from keepline.core.revenue import changes_of_sale
from keepline.flows.steps import transaction_step
from keepline.ledger import revenue
from keepline.ledger.revenue import Change
from keepline.lines import queries as lines
from keepline.orders import services as orders
from keepline.orders.models import SALES
from keepline.orders.services import NumberedOrder

ACTION = "revenue.recognised"
DAY = timedelta(days=1)
BATCH = 1000


def number_receipts(seller: str, now: datetime, limit: int = BATCH) -> int:
    """Numbers completed orders of a seller and schedules their sales; returns how many."""
    with transaction_step("recognise_revenue.number"):
        orders.lock_series(seller)
        if not orders.has_unnumbered(seller):
            return 0
        open_from = revenue.lock_last_booked(_today(now)) + DAY
        numbered = orders.number_receipts(seller, limit, open_from)
        sales = [each for each in numbered if each.kind in SALES and each.net_minor]
        revenue.enter(_changes(sales, open_from))
    return len(numbered)


def _changes(sales: Sequence[NumberedOrder], open_from: date) -> list[Change]:
    periods = lines.periods_of([sale.id for sale in sales])
    return [
        Change(slot_of(sale.id), sale.plan_id or 0, sale.currency, day, delta_minor)
        for sale in sales
        for day, delta_minor in changes_of_sale(
            sale.net_minor, *periods[sale.id], open_from
        ).items()
    ]


def recognise(now: datetime) -> int:
    """Books every whole day that is not booked yet; returns how many days."""
    if revenue.last_booked() is None:
        return 0
    days = 0
    while _book_next(now):
        days += 1
    return days


def _book_next(now: datetime) -> bool:
    with transaction_step("recognise_revenue.day"):
        day = revenue.lock_last_booked(_today(now)) + DAY
        if day >= _today(now):
            return False
        revenue.book_day(day, now)
    return True


def _today(now: datetime) -> date:
    return now.astimezone(UTC).date()
