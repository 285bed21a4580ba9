"""recognise_revenue: what was sold is earned day by day, whole, once, also after an absence."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Sum

from keepline.core.postings import TransferCode, house_account_id
from keepline.flows import renew_line
from keepline.flows.audit_books import audit
from keepline.flows.recognise_revenue import number_receipts, recognise
from keepline.ledger.models import RevenueRate, RevenueSlope, Transfer
from keepline.lines.models import Extension
from keepline.orders.models import Order
from tests.cast import NOW, Cast, assemble
from tests.flows.acts import request

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def sold(cast: Cast, key: str = "key-0001") -> Order:
    order = renew_line.start(request(cast, key=key), NOW).order
    assert number_receipts("house", NOW) == 1
    return order


def earned() -> dict[date, int]:
    """What was booked, by the day that the transfer's id carries."""
    rows = Transfer.objects.filter(code=TransferCode.RECOGNITION)
    by_day: dict[date, int] = {}
    for row in rows:
        day = datetime.fromtimestamp((row.id.int >> 80) / 1000, UTC).date()
        by_day[day] = by_day.get(day, 0) + row.amount_minor
    return by_day


def deferred() -> int:
    account = house_account_id("deferred_revenue", "USD")
    rows = Transfer.objects.exclude(phase__in=["hold", "void"])
    into = rows.filter(credit_id=account).aggregate(sum=Sum("amount_minor"))["sum"] or 0
    out = rows.filter(debit_id=account).aggregate(sum=Sum("amount_minor"))["sum"] or 0
    return int(into - out)


def test_a_month_is_earned_by_its_days() -> None:
    cast = assemble(wallet_minor=1000)
    order = sold(cast)
    period = Extension.objects.get(order_id=order.id)
    first = period.period_start.astimezone(UTC).date()
    days = (period.period_end.astimezone(UTC).date() - first).days
    assert (deferred(), earned()) == (300, {})
    half = datetime.combine(first + 10 * DAY, datetime.min.time(), UTC)
    recognise(half + timedelta(minutes=7))
    assert sum(earned().values()) == sum(sorted(earned().values(), reverse=True)[:10])
    assert max(earned()) == first + 9 * DAY
    assert deferred() == 300 - sum(earned().values())
    assert audit(NOW) == []
    recognise(half + 90 * DAY)
    assert (sum(earned().values()), deferred()) == (300, 0)
    assert set(earned()) == {first + n * DAY for n in range(days)}
    assert max(earned().values()) - min(earned().values()) <= 1
    assert audit(NOW) == []
    assert RevenueRate.objects.get().rate_minor == 0


def test_again_changes_nothing() -> None:
    cast = assemble(wallet_minor=1000)
    sold(cast)
    assert recognise(NOW + 40 * DAY) == 40
    booked = Transfer.objects.count()
    assert recognise(NOW + 40 * DAY) == 0
    assert number_receipts("house", NOW + 40 * DAY) == 0
    assert Transfer.objects.count() == booked


def test_before_the_first_sale_there_is_nothing_to_book() -> None:
    assemble()
    assert recognise(NOW) == 0


def test_a_numberer_that_was_away_earns_the_past_at_once() -> None:
    cast = assemble(wallet_minor=1000)
    sold(cast)
    recognise(NOW + 20 * DAY)
    late = renew_line.start(request(cast, key="key-0002"), NOW).order  # nobody numbers it
    recognise(NOW + 45 * DAY)
    assert audit(NOW) == []
    before = sum(earned().values())
    assert number_receipts("house", NOW + 45 * DAY) == 1
    recognise(NOW + 46 * DAY)
    period = Extension.objects.get(order_id=late.id)
    first = period.period_start.astimezone(UTC).date()
    behind = ((NOW + 45 * DAY).date() - first).days + 1
    assert sum(earned().values()) - before >= 300 * behind // 31
    recognise(NOW + 120 * DAY)
    assert (sum(earned().values()), deferred()) == (600, 0)
    assert audit(NOW) == []


def test_rows_are_sums_not_lines() -> None:
    """Six sales of one plan in one slot are rows by plan and day, whatever their number."""
    cast = assemble(wallet_minor=10_000)
    for number in range(6):
        renew_line.start(request(cast, key=f"key-{number:04d}"), NOW)
    assert number_receipts("house", NOW) == 6
    keys = RevenueSlope.objects.values_list("slot", "plan_id", "currency", "day")
    assert len(keys) == len(set(keys))
    assert {row[0] for row in keys} == {cast.account.slot}
    recognise(NOW + 400 * DAY)
    per_day = Transfer.objects.filter(code=TransferCode.RECOGNITION).count()
    assert per_day == len(earned())  # one a day: all lines are of one slot, plan and currency
    assert (sum(earned().values()), deferred()) == (1800, 0)
    assert audit(NOW) == []


def test_each_seller_has_numbers_of_its_own_without_a_gap() -> None:
    cast = assemble(wallet_minor=3000)
    sellers = ["house", "kiosk", "house", "kiosk", "kiosk", "house"]
    for place, seller in enumerate(sellers):
        asked = request(cast, key=f"key-{place:04d}", seller=seller)
        renew_line.start(asked, NOW + timedelta(minutes=place))
    assert [number_receipts(seller, NOW, 2) for seller in ("kiosk", "house", "kiosk")] == [2, 2, 1]
    assert number_receipts("house", NOW, 2) == 1
    given = Order.objects.filter(kind="renewal").order_by("accepted_at")
    told = list(given.values_list("seller", "receipt_number"))
    assert told == list(zip(sellers, [1, 1, 2, 2, 3, 3], strict=True))
