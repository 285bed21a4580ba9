"""Revenue over the term: every unit of every sale is earned once, on a day of its period."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.revenue import Sold, changes_of_sale, days_of, scheduled_minor, take_back

DAY = timedelta(days=1)
FAR = date(1990, 1, 1)  # nothing was ever booked

starts = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
sales = st.tuples(st.integers(0, 10_000), starts, st.timedeltas(timedelta(seconds=1), 400 * DAY))


def earned(changes: dict[date, int]) -> dict[date, int]:
    """Day by day, as booking does it: the rate after the day's change."""
    if not changes:
        return {}
    rate, booked, day = 0, {}, min(changes)
    while day <= max(changes):
        rate += changes.get(day, 0)
        booked[day] = rate
        day += DAY
    assert rate == 0, "it does not end"
    return {day: amount for day, amount in booked.items() if amount}


@given(sales)
def test_a_sale_is_earned_whole_within_its_days(sale: tuple[int, datetime, timedelta]) -> None:
    net_minor, start, length = sale
    first, days = days_of(start, start + length)
    by_day = earned(changes_of_sale(net_minor, start, start + length, FAR))
    assert sum(by_day.values()) == net_minor
    assert all(first <= day < first + days * DAY for day in by_day)
    if net_minor >= days:
        assert len(by_day) == days
        assert max(by_day.values()) - min(by_day.values()) <= 1


@given(sales, st.integers(-30, 430))
def test_what_is_late_is_earned_on_the_first_open_day(
    sale: tuple[int, datetime, timedelta], days_later: int
) -> None:
    net_minor, start, length = sale
    open_from = start.date() + days_later * DAY
    in_time = earned(changes_of_sale(net_minor, start, start + length, FAR))
    late = earned(changes_of_sale(net_minor, start, start + length, open_from))
    assert sum(late.values()) == net_minor
    assert all(day >= open_from for day in late)
    after = {day: amount for day, amount in in_time.items() if day > open_from}
    assert {day: amount for day, amount in late.items() if day > open_from} == after


@given(st.lists(sales, max_size=5), st.integers(-10, 450))
def test_what_is_scheduled_is_what_was_not_earned(
    several: list[tuple[int, datetime, timedelta]], booked_days: int
) -> None:
    changes: dict[date, int] = defaultdict(int)
    for net_minor, start, length in several:
        for day, change in changes_of_sale(net_minor, start, start + length, FAR).items():
            changes[day] += change
    last_booked = date(2026, 1, 1) + booked_days * DAY
    booked = sum(amount for day, amount in earned(changes).items() if day <= last_booked)
    assert scheduled_minor(changes, last_booked) == sum(n for n, _, _ in several) - booked


@given(sales, st.fractions(0, 1), st.integers(-40, 430), st.integers(0, 60), st.booleans())
def test_what_goes_back_of_a_sale_and_what_is_still_earned_are_all_of_it(
    sale: tuple[int, datetime, timedelta],
    share: Fraction,
    entered_after: int,
    booked_after: int,
    ends: bool,
) -> None:
    """Day by day: what was booked stays booked, and the rest follows the refund."""
    net_minor, start, length = sale
    entered_on = start.date() + entered_after * DAY
    last_booked = entered_on + (booked_after - 1) * DAY
    sold = Sold(net_minor, start, start + length, entered_on)
    back_minor = int(net_minor * share)
    was = sold.changes(net_minor)
    booked = sum(amount for day, amount in earned(was).items() if day <= last_booked)
    taken = take_back(sold, back_minor, last_booked, ends)
    together: dict[date, int] = defaultdict(int)
    for changes in (was, taken.changes):
        for day, change in changes.items():
            together[day] += change
    still = sum(amount for day, amount in earned(together).items() if day > last_booked)
    assert all(day > last_booked for day in taken.changes), "what is booked is not changed"
    assert min(taken.deferred_minor, taken.revenue_minor, taken.earned_minor) >= 0
    assert taken.deferred_minor + taken.revenue_minor == back_minor
    assert booked + still - taken.revenue_minor + taken.earned_minor == net_minor - back_minor
    if ends:
        assert still == 0
    else:
        assert taken.earned_minor == 0
        assert earned(together) == _caught_up(sold, net_minor - back_minor, booked, last_booked)


def _caught_up(sold: Sold, net_minor: int, booked: int, last_booked: date) -> dict[date, int]:
    """What was booked as it was; from then on the days of a sale for less."""
    before = earned(sold.changes(sold.net_minor))
    after = earned(sold.changes(net_minor))
    return {day: amount for day, amount in before.items() if day <= last_booked} | {
        day: amount for day, amount in after.items() if day > last_booked
    }


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-03-31T23:59:59+00:00", "2026-04-30T22:00:00+00:00", 30),
        ("2026-01-01T12:00:00+00:00", "2026-01-01T13:00:00+00:00", 1),
        ("2026-03-29T00:30:00+02:00", "2026-03-30T00:30:00+02:00", 1),  # begins on the 28th, UTC
    ],
)
def test_days(start: str, end: str, days: int) -> None:
    assert days_of(datetime.fromisoformat(start), datetime.fromisoformat(end))[1] == days


def test_ten_cents_over_three_days() -> None:
    start = datetime(2026, 5, 1, 8, tzinfo=UTC)
    assert changes_of_sale(10, start, start + 3 * DAY, FAR) == {
        date(2026, 5, 1): 4,
        date(2026, 5, 2): -1,
        date(2026, 5, 4): -3,
    }
