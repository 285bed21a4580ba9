"""show_stock: how full every pool is and how long it lasts, in one query however many there are."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.flows.show_stock import show_stock
from keepline.inventory import holding, naming, services
from keepline.inventory.levels import Level
from keepline.inventory.models import Number
from keepline.slots.ids import new_id
from tests.cast import NOW
from tests.inventory import shelves

pytestmark = pytest.mark.books_broken  # numbers are assigned to lines that are not there
DAY = timedelta(days=1)


@pytest.mark.django_db
def test_nothing_in_stock_is_no_pool() -> None:
    assert show_stock(NOW).levels == []


@pytest.mark.django_db
def test_every_piece_is_counted_where_it_is(django_assert_num_queries: Any) -> None:
    uk = shelves.pool("uk", low_days=14)
    shelves.pool("empty", low_count=1)
    plastic, esims = shelves.pool("plastic", "card"), shelves.pool("esims", "profile", low_count=4)
    buyer = new_id(1)
    shelves.numbers(uk, 10)
    shelves.numbers(uk, 3, shelves.FIRST + 20, state="quarantine", until_at=NOW + 20 * DAY)
    shelves.numbers(uk, 2, shelves.FIRST + 30, state="quarantine", until_at=NOW + 90 * DAY)
    shelves.numbers(uk, 1, shelves.FIRST + 40, state="retired")
    for place in range(3):
        holding.hold(Number, shelves.FIRST + place, buyer, NOW + DAY, NOW)
    for place, ago in enumerate((1, 40)):
        services.assign(shelves.FIRST + place, buyer, new_id(1), NOW - ago * DAY)
    shelves.cards(plastic, 2)
    shelves.profiles(esims, 3, state="enabled")
    Number.objects.create(
        slot=naming.slot_of_number(5), id=naming.number_id(5), e164=5, since_at=NOW
    )  # came with a base: in no pool
    with django_assert_num_queries(1):
        view = show_stock(NOW)
    found = {level.code: level for level in view.levels}
    assert list(found) == ["plastic", "empty", "uk", "esims"]
    level = found["uk"]
    counts = (level.free, level.held, level.used, level.resting, level.back_soon, level.gone)
    assert counts == (7, 1, 2, 5, 3, 1)
    assert (level.taken, level.days_left, level.total) == (1, 7 * 28, 16)
    assert (found["plastic"].free, found["plastic"].days_left) == (2, None)
    assert (found["esims"].used, found["esims"].days_left, found["esims"].is_low) == (3, 0, True)
    assert [low.code for low in view.low] == ["empty", "esims"]


@pytest.mark.django_db
def test_what_is_taken_over_or_reclaimed_is_no_sale_and_what_was_withdrawn_stays_one() -> None:
    uk, buyer = shelves.pool("uk"), new_id(1)
    taken_over, sold = shelves.numbers(uk, 2)
    services.assign(taken_over, buyer, new_id(1), NOW)
    holding.hold(Number, sold, buyer, NOW + DAY, NOW)
    services.assign(sold, buyer, new_id(1), NOW)
    until = NOW + 180 * DAY
    services.lock_numbers([sold])
    services.withdraw_all([services.Withdrawal(sold, until, until)], NOW + DAY)
    assert show_stock(NOW + DAY).levels[0].taken == 1
    services.reclaim(services.lock_number(sold), new_id(1), NOW + 20 * DAY)
    assert show_stock(NOW + 20 * DAY).levels[0].taken == 1
    assert show_stock(NOW + 29 * DAY).levels[0].taken == 0


counts = st.integers(0, 10**6)


@given(counts, counts, st.none() | counts, st.none() | st.integers(0, 400))
def test_a_pool_is_low_under_its_marks_and_never_above(
    free: int, taken: int, low_count: int | None, low_days: int | None
) -> None:
    level = Level("p", "card", "", "", low_count, low_days, free, 0, 0, 0, 0, 0, taken)
    days = level.days_left
    if days is not None and free:
        # So many days, and no more: at the pace of the last four weeks.
        assert days * taken <= free * 28 < (days + 1) * taken
    assert (days is None) == (taken == 0 and free > 0)
    if level.is_low:
        assert low_count is not None or low_days is not None
    if low_count is not None and free < low_count:
        assert level.is_low
    if low_count is None and (low_days is None or (days is None or days >= low_days)):
        assert not level.is_low
