"""Pauses grow, and end inside the promises they serve."""

from datetime import timedelta
from itertools import pairwise
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from keepline.core.retries import (
    DUNNING_DAYS,
    MESSAGE_PAUSES,
    NOTICE_DAYS,
    delivery_ask_after,
    doubled,
    next_ask_after,
)

PROMISE = timedelta(minutes=10)
LONG = timedelta(days=9)


@given(st.integers(0, 1000), st.integers(0, 10**6).map(lambda s: timedelta(seconds=s)))
def test_pauses_never_shrink(asks: int, waited: timedelta) -> None:
    pause = next_ask_after(asks, waited)
    assert timedelta(0) < pause <= next_ask_after(asks + 1, waited) <= timedelta(days=1)
    assert pause <= next_ask_after(asks, waited + timedelta(minutes=1))
    for who in (UUID(int=0), UUID(int=1023), uuid4()):
        soon, later = (delivery_ask_after(n, who) for n in (asks, asks + 1))
        assert timedelta(0) < soon <= later < PROMISE


def test_a_provider_is_asked_after_five_minutes_an_hour_and_daily() -> None:
    pauses = [next_ask_after(asks, LONG) for asks in range(20)]
    janitor = [timedelta(minutes=5), timedelta(hours=1), timedelta(days=1), timedelta(days=1)]
    first = pauses.index(janitor[0])
    assert pauses[first : first + 4] == janitor
    assert sum(pauses[:first], timedelta(0)) < janitor[0], "somebody waits at the page"


def test_asked_only_as_planned_the_pauses_are_those_of_the_plan() -> None:
    waited = timedelta(0)
    for asks in range(8):
        assert next_ask_after(asks, waited) == next_ask_after(asks, LONG)
        waited += next_ask_after(asks, waited)


@given(st.integers(0, 1000), st.integers(0, 3600).map(lambda s: timedelta(seconds=s)))
def test_however_often_a_holder_looks_the_next_look_is_near(asks: int, waited: timedelta) -> None:
    assert next_ask_after(asks, waited) <= max(timedelta(seconds=15), 12 * waited)
    assert next_ask_after(asks, waited) <= timedelta(hours=1)


@given(st.integers(0, 10**6))
def test_doubled_pauses_grow_to_the_longest(attempts: int) -> None:
    first, longest = timedelta(seconds=15), timedelta(hours=1)
    pause, next_one = (doubled(first, n, longest) for n in (attempts, attempts + 1))
    assert doubled(first, 0, longest) == first
    assert next_one == min(2 * pause, longest)


def test_a_network_is_asked_several_times_within_the_promise() -> None:
    assert sum((delivery_ask_after(n, UUID(int=0)) for n in range(1, 7)), timedelta(0)) < PROMISE


def test_letters_are_tried_for_two_to_three_days() -> None:
    assert all(one < other for one, other in pairwise(MESSAGE_PAUSES))
    assert timedelta(days=2) < sum(MESSAGE_PAUSES, timedelta(0)) < timedelta(days=3)


def test_nobody_is_charged_before_the_first_notice() -> None:
    assert list(DUNNING_DAYS) == sorted(set(DUNNING_DAYS))
    assert min(NOTICE_DAYS) < DUNNING_DAYS[0]
    assert 0 in DUNNING_DAYS, "once at the expiry itself"


def test_those_held_at_once_come_back_spread_over_a_quarter_of_the_pause() -> None:
    pauses = {delivery_ask_after(6, UUID(int=n)) for n in range(1024)}
    assert len(pauses) == 1024
    assert max(pauses) == timedelta(minutes=3)
    assert min(pauses) >= 0.75 * max(pauses)
