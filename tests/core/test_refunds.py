"""core.refunds: never more than is left, tax whole at the end, days by the revenue's days."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.refunds import (
    Back,
    Destination,
    Refundable,
    RefundRefused,
    Scope,
    Wish,
    decide,
    ending,
    tax_in,
)

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TERM = (START, START + 30 * DAY)
WHOLE, PRO_RATA = (Wish(scope, Destination.METHOD) for scope in (Scope.WHOLE, Scope.PRO_RATA))

minor = st.integers(0, 10**6)
wishes = st.builds(
    Wish, st.sampled_from(Scope), st.sampled_from(Destination), st.integers(-5, 2 * 10**6)
)


@given(st.integers(1, 10**6), minor, st.lists(wishes, max_size=6), st.integers(-5, 40))
def test_however_often_it_is_asked_never_more_goes_back_than_was_paid(
    total: int, method: int, asked: list[Wish], day: int
) -> None:
    method_left, given_back = min(method, total), 0
    for wish in asked:
        order = Refundable(total, given_back, method_left, TERM)
        try:
            back = decide(order, wish, START + day * DAY)
        except RefundRefused:
            continue
        assert 0 < back.amount_minor <= total - given_back
        assert 0 <= back.method_minor <= min(back.amount_minor, method_left)
        if wish.destination is Destination.WALLET:
            assert back.method_minor == 0
        elif back.method_minor < method_left:
            assert back.wallet_minor == 0, "the provider's part goes first"
        given_back += back.amount_minor
        method_left -= back.method_minor
    assert given_back <= total


@given(st.integers(1, 10**6), st.fractions(0, 1), st.lists(st.integers(1, 10**5), max_size=8))
def test_the_tax_in_all_parts_is_the_tax(total: int, rate: Fraction, parts: list[int]) -> None:
    tax, given_back, taxes = int(total * rate), 0, 0
    for asked in [*parts, total]:
        amount = min(asked, total - given_back)
        part = tax_in(total, tax, given_back, amount)
        assert 0 <= part <= amount
        taxes, given_back = taxes + part, given_back + amount
        assert taxes == tax * given_back // total
    assert (given_back, taxes) == (total, tax)


@pytest.mark.parametrize(
    ("after", "left"),
    [
        (timedelta(days=-3), 30),  # not begun: all of it
        (timedelta(0), 29),  # today counts as used
        (timedelta(hours=11, minutes=59), 29),
        (timedelta(hours=12), 28),  # another day of UTC
        (timedelta(days=28), 1),
        (timedelta(days=29), 0),
        (timedelta(days=30), 0),
        (timedelta(days=300), 0),
    ],
)
def test_days_left(after: timedelta, left: int) -> None:
    order = Refundable(3100, 100, 3100, TERM)
    if not left:
        with pytest.raises(RefundRefused, match="refund_term_over"):
            decide(order, PRO_RATA, START + after)
        return
    back = decide(order, PRO_RATA, START + after)
    assert (back.days_left, back.days_paid) == (left, 30)
    assert back.amount_minor == 100 * left


def test_a_part_of_a_unit_is_rounded_down() -> None:
    assert decide(Refundable(100, 0, 0, TERM), PRO_RATA, START + 9 * DAY).amount_minor == 66


@pytest.mark.parametrize(
    ("after", "ends"), [(-2 * DAY, timedelta(0)), (5 * DAY, 5 * DAY), (30 * DAY, None)]
)
def test_what_has_begun_ends_now_and_what_has_not_never_begins(
    after: timedelta, ends: timedelta | None
) -> None:
    assert ending(TERM, START + after) == (None if ends is None else START + ends)
    part = Wish(Scope.PART, Destination.WALLET, 50)
    assert decide(Refundable(100, 0, 0, TERM), part, START + after).ends_at is None


def test_of_a_wallet_alone_nothing_goes_to_a_provider() -> None:
    assert decide(Refundable(100, 0, 0, None), WHOLE, START) == Back(100, 0, None, 0, 0)


@pytest.mark.parametrize(
    ("given_back", "wish", "code"),
    [
        (100, WHOLE, "refund_nothing_left"),
        (0, PRO_RATA, "refund_term_over"),
        (0, Wish(Scope.PART, Destination.WALLET, 0), "refund_amount"),
        (60, Wish(Scope.PART, Destination.WALLET, 41), "refund_amount"),
    ],
)
def test_what_cannot_be(given_back: int, wish: Wish, code: str) -> None:
    with pytest.raises(RefundRefused) as refused:
        decide(Refundable(100, given_back, 100, None), wish, START)
    assert refused.value.code == code
