"""Limits against fraud: what refuses, until when, and that it ends to the instant."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.money import Money
from keepline.core.velocity import (
    Asked,
    Hit,
    Limits,
    LimitsError,
    Past,
    Rate,
    Standing,
    Sums,
    decide,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=s) for s in (1, 60, 3600, 86_400))
INSTANT = timedelta.resolution
LIMITS = Limits(
    address=(Rate(3, MINUTE), Rate(10, HOUR)),
    device=(Rate(3, MINUTE),),
    account=(Rate(10, HOUR),),
    method=(Rate(6, HOUR),),
    declines=Rate(5, HOUR),
    hold=DAY,
    sums={"default": Sums(500, 750, 1000), "JPY": Sums(80_000, 120_000, 160_000)},
    refunds={"default": 50, "JPY": 8000},
    review={"default": 200, "EUR": 0, "JPY": 32_000},
    worth={"KRW": 1400, "JPY": 10**5},  # named everywhere, a yen is a yen
    known_after=7 * DAY,
)
ASKED = Asked("sandbox", "USD", 300, NOW)


def past(
    ago: timedelta,
    minor: int = 300,
    standing: Standing = Standing.ENDED,
    provider: str = "sandbox",
    currency: str = "USD",
) -> Past:
    return Past(NOW - ago, provider, currency, minor, standing)


@pytest.mark.parametrize(
    ("currency", "minor"), [("USD", 5000), ("KWD", 50_000), ("JPY", 8000), ("KRW", 70_000)]
)
def test_one_person_may_give_so_much_back(currency: str, minor: int) -> None:
    assert LIMITS.refund_alone_minor(currency) == minor


@pytest.mark.parametrize("refunds", [{"USD": 50}, {"default": -1}, {"default": 50, "USD": 10**10}])
def test_sums_that_one_person_gives_back_have_bounds(refunds: dict[str, int]) -> None:
    with pytest.raises(LimitsError):
        replace(LIMITS, refunds=refunds)


def test_nothing_before_is_nothing_against() -> None:
    assert decide(LIMITS, ASKED, []) is None


@pytest.mark.parametrize("name", ["address", "device"])
def test_three_within_a_minute_and_the_fourth_waits(name: str) -> None:
    seen = [NOW - 59 * SECOND, NOW - 30 * SECOND, NOW]
    refused = decide(LIMITS, ASKED, [], **{f"from_{name}": seen})
    assert refused == Hit(name, NOW + SECOND)
    later = replace(ASKED, at=NOW + SECOND)
    assert decide(LIMITS, later, [], **{f"from_{name}": seen}) is None
    a_little_sooner = replace(ASKED, at=NOW + SECOND - INSTANT)
    assert decide(LIMITS, a_little_sooner, [], **{f"from_{name}": seen}) is not None


def test_the_limit_that_refuses_longest_is_told() -> None:
    seen = [NOW - n * 5 * MINUTE for n in range(1, 8)] + [NOW - n * SECOND for n in range(1, 4)]
    assert decide(LIMITS, ASKED, [], seen) == Hit("address", NOW + 25 * MINUTE)


def test_another_way_to_pay_is_open_when_one_is_not() -> None:
    tried = [past(n * MINUTE) for n in range(6)]
    assert decide(LIMITS, ASKED, tried) == Hit("method", NOW + 55 * MINUTE)
    assert decide(LIMITS, replace(ASKED, provider="paypal"), tried) is None
    tried += [past(n * MINUTE, provider="paypal") for n in range(4)]
    assert decide(LIMITS, replace(ASKED, provider="alipay"), tried) == Hit(
        "account", NOW + 55 * MINUTE
    )


def test_five_declines_hold_the_account_for_a_day() -> None:
    declined = [past(n * 12 * MINUTE, standing=Standing.DECLINED) for n in range(5)]
    assert decide(LIMITS, ASKED, declined) == Hit("declines", NOW + DAY)
    assert decide(LIMITS, replace(ASKED, at=NOW + DAY - INSTANT), declined) is not None
    assert decide(LIMITS, replace(ASKED, at=NOW + DAY), declined) is None
    slower = [past(n * 15 * MINUTE, standing=Standing.DECLINED) for n in range(5)]
    assert decide(LIMITS, ASKED, slower) is None  # the fifth came when the hour was over


def test_what_the_clock_tried_counts_as_money_alone() -> None:
    tried = [past(n * MINUTE, standing=Standing.DECLINED) for n in range(12)]
    assert decide(LIMITS, ASKED, tried) is not None
    assert decide(LIMITS, ASKED, [replace(each, by_clock=True) for each in tried]) is None
    paid = replace(past(HOUR, 50_000, Standing.PAID), by_clock=True)
    assert decide(LIMITS, ASKED, [paid]) == Hit("sum", NOW + 23 * HOUR)


def test_without_a_hold_declines_are_a_rate() -> None:
    declined = [past(n * 10 * MINUTE, standing=Standing.DECLINED) for n in range(5)]
    unheld = replace(LIMITS, hold=timedelta(0))
    assert decide(unheld, ASKED, declined) == Hit("declines", NOW + 20 * MINUTE)


def test_a_day_a_week_and_a_month_of_money() -> None:
    paid = Standing.PAID
    assert decide(LIMITS, ASKED, [past(HOUR, 49_700, paid)]) is None
    assert decide(LIMITS, ASKED, [past(HOUR, 49_701, paid)]) == Hit("sum", NOW + 23 * HOUR)
    week = [past(2 * DAY, 40_000, paid), past(DAY, 35_000, paid)]
    assert decide(LIMITS, ASKED, week) == Hit("sum", NOW + 5 * DAY)
    month = [past(n * DAY, 25_000, paid) for n in (29, 20, 14, 8)]
    assert decide(LIMITS, ASKED, month) == Hit("sum", NOW + DAY)
    assert decide(LIMITS, replace(ASKED, currency="EUR"), month) is None


def test_what_went_back_is_no_sum_and_an_open_checkout_is_one_for_an_hour() -> None:
    assert decide(LIMITS, ASKED, [past(MINUTE, 50_000, Standing.ENDED)]) is None
    assert decide(LIMITS, ASKED, [past(MINUTE, 50_000, Standing.DECLINED)]) is None
    opened = [past(20 * MINUTE, 50_000, Standing.OPEN)]
    assert decide(LIMITS, ASKED, opened) == Hit("sum", NOW + 40 * MINUTE)
    assert decide(LIMITS, replace(ASKED, at=NOW + 40 * MINUTE), opened) is None


@pytest.mark.parametrize(
    ("currency", "most_minor"),
    [("USD", 50_000), ("KWD", 500_000), ("JPY", 80_000), ("KRW", 700_000)],
)
def test_sums_are_in_whole_units_whatever_the_exponent(currency: str, most_minor: int) -> None:
    exactly = replace(ASKED, currency=currency, amount_minor=most_minor)
    assert decide(LIMITS, exactly, []) is None
    more = replace(exactly, amount_minor=most_minor + 1)
    assert decide(LIMITS, more, []) == Hit("sum", None, most_minor)


@pytest.mark.parametrize(
    ("paid", "held"),
    [
        (Money(19_999, "USD"), False),
        (Money(20_000, "USD"), True),
        (Money(200_000, "KWD"), True),
        (Money(31_999, "JPY"), False),
        (Money(32_000, "JPY"), True),
        (Money(279_999, "KRW"), False),  # not named: a unit of the default is worth 1,400 won
        (Money(280_000, "KRW"), True),
        (Money(10**9, "EUR"), False),  # never
    ],
)
def test_a_large_payment_of_nobody_known_waits_for_a_person(paid: Money, held: bool) -> None:
    assert LIMITS.needs_review(paid, None, NOW) is held


def test_an_account_is_known_a_week_after_its_first_payment_to_the_instant() -> None:
    paid = Money(50_000, "USD")
    assert LIMITS.needs_review(paid, NOW - 7 * DAY + INSTANT, NOW)
    assert not LIMITS.needs_review(paid, NOW - 7 * DAY, NOW)
    at_once = replace(LIMITS, known_after=timedelta(0))
    assert at_once.needs_review(paid, None, NOW)
    assert not at_once.needs_review(paid, NOW, NOW)


WITHIN = st.integers(0, 32 * 86_400).map(lambda s: s * SECOND)
LATELY = st.integers(0, 4000).map(lambda s: s * SECOND)
PASTS = st.lists(
    st.builds(
        past,
        st.one_of(LATELY, WITHIN),
        st.integers(1, 60_000),
        st.sampled_from(Standing),
        st.sampled_from(["sandbox", "paypal"]),
        st.sampled_from(["USD", "JPY"]),
    ),
    max_size=14,
)
SEEN = st.lists(LATELY.map(lambda ago: NOW - ago), max_size=14)
AMOUNTS = st.integers(1, 50_000)


@given(PASTS, SEEN, SEEN, AMOUNTS, PASTS, SEEN)
def test_more_before_never_turns_a_refusal_into_a_pass(
    before: list[Past],
    address: list[datetime],
    device: list[datetime],
    minor: int,
    more: list[Past],
    oftener: list[datetime],
) -> None:
    asked = replace(ASKED, amount_minor=minor)
    less = decide(LIMITS, asked, before, address, device)
    further = decide(LIMITS, asked, before + more, address + oftener, device + oftener)
    if less is not None and less.until is not None:
        assert further is not None
        assert further.until is not None
        assert further.until >= less.until


@given(PASTS, SEEN, SEEN, AMOUNTS)
def test_a_refusal_ends_at_the_instant_it_names(
    before: list[Past], address: list[datetime], device: list[datetime], minor: int
) -> None:
    asked = replace(ASKED, amount_minor=minor)
    hit = decide(LIMITS, asked, before, address, device)
    if hit is not None:
        assert hit.until is not None
        assert hit.until > NOW
        just_before = replace(asked, at=hit.until - INSTANT)
        assert decide(LIMITS, just_before, before, address, device) == hit
        assert decide(LIMITS, replace(asked, at=hit.until), before, address, device) is None


@given(PASTS, AMOUNTS, AMOUNTS)
def test_a_larger_amount_never_passes_where_a_smaller_did_not(
    before: list[Past], one: int, other: int
) -> None:
    less, more = (replace(ASKED, amount_minor=each) for each in sorted((one, other)))
    if decide(LIMITS, less, before) is not None:
        assert decide(LIMITS, more, before) is not None


@given(PASTS, AMOUNTS)
def test_what_is_beyond_the_reach_decides_nothing(before: list[Past], minor: int) -> None:
    asked = replace(ASKED, amount_minor=minor)
    near = [each for each in before if each.opened_at > NOW - LIMITS.reach]
    assert decide(LIMITS, asked, near) == decide(LIMITS, asked, before)


@pytest.mark.parametrize(
    "senseless",
    [
        lambda: Rate(0, MINUTE),
        lambda: Rate(3, timedelta(0)),
        lambda: Rate(3, 31 * DAY),
        lambda: Rate(100_001, DAY),
        lambda: Sums(0, 1, 1),
        lambda: Sums(2, 1, 3),
        lambda: Sums(1, 3, 2),
        lambda: Sums(1, 2, 10**9 + 1),
        lambda: replace(LIMITS, hold=-SECOND),
        lambda: replace(LIMITS, hold=31 * DAY),
        lambda: replace(LIMITS, sums={"USD": Sums(1, 1, 1)}),
    ],
)
def test_limits_that_make_no_sense_are_refused(senseless: Callable[[], object]) -> None:
    with pytest.raises(LimitsError):
        senseless()


KNOWN_SINCE = st.one_of(st.none(), st.integers(-60, 20 * 86_400).map(lambda s: NOW - s * SECOND))
UNITS = st.integers(0, 400)


@given(AMOUNTS, AMOUNTS, KNOWN_SINCE, KNOWN_SINCE, UNITS, st.integers(0, 14))
def test_who_is_known_longer_or_pays_less_is_not_held_where_another_is_not(
    minor: int, less: int, one: datetime | None, other: datetime | None, units: int, days: int
) -> None:
    rules = replace(LIMITS, review={"default": units}, known_after=days * DAY)
    stranger, friend = sorted((one, other), key=lambda at: (at is not None, at and NOW - at))
    smaller, larger = (Money(each, "USD") for each in sorted((minor, less)))
    if not rules.needs_review(larger, stranger, NOW):
        assert not rules.needs_review(larger, friend, NOW)
        assert not rules.needs_review(smaller, stranger, NOW)
    assert not rules.needs_review(larger, NOW - days * DAY, NOW)
