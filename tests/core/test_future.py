"""core.future: what is said for arrays is what is said for one line."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keepline.core.agenda import AgendaRules, Due, Step, agenda, first_due, is_stale, next_due
from keepline.core.future.agendas import PHASES, Agendas
from keepline.core.future.paying import payable
from keepline.core.future.periods import NONE, Clocks, next_periods
from keepline.core.future.running import EPOCH, micros
from keepline.core.future.zones import Zones
from keepline.core.terms import Term, add_terms, next_period

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "America/Santiago",
    "Antarctica/Troll",
    "UTC",
]
BEGIN, END = datetime(2019, 1, 1, tzinfo=UTC), datetime(2034, 1, 1, tzinfo=UTC)
TABLE = Zones(ZONES, BEGIN, END)
TERMS = [Term.parse(text) for text in ("P1D", "P7D", "P30D", "P1M", "P3M", "P1Y", "P5M")]
instants = st.datetimes(datetime(2021, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
# Near changes of offset, where it is hard.
nights = st.builds(
    lambda at, hours: at + timedelta(hours=hours),
    st.sampled_from(
        [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]
        + [datetime(2026, month, 1, 12, tzinfo=UTC) for month in (1, 3, 4, 11)]
    ),
    st.integers(-60, 60),
)


def ints(*values: int) -> Any:
    return np.array(values, np.int64)


def at_of(value: Any) -> datetime:
    return EPOCH + timedelta(microseconds=int(value))


@given(
    instants | nights,
    st.integers(-200, 40 * 24),
    st.none() | instants | nights,
    st.integers(0, 30),
    st.booleans(),
    st.sampled_from(ZONES),
    st.sampled_from(TERMS),
    st.sampled_from(["from_payment", "from_expiry"]),
)
def test_periods_are_those_of_terms(
    valid_until: datetime,
    late_hours: int,
    anchor_at: datetime | None,
    anchor_count: int,
    reaches: bool,
    zone: str,
    term: Term,
    grace_rule: Any,
) -> None:
    if reaches and anchor_at and anchor_count:
        valid_until = add_terms(anchor_at, zone, Term(1, 0), anchor_count)
    now = valid_until + timedelta(hours=late_hours)
    told = next_period(now, valid_until, anchor_at, anchor_count, zone, term, grace_rule)
    clocks = Clocks(
        ints(micros(valid_until)),
        ints(micros(anchor_at) if anchor_at else NONE),
        ints(anchor_count),
        ints(ZONES.index(zone)),
        ints(term.months),
        ints(term.days),
        np.array([grace_rule == "from_expiry"]),
    )
    found = next_periods(TABLE, clocks, ints(micros(now)))
    assert at_of(found.end_at[0]) == told.end_at
    assert at_of(found.anchor_at[0]) == told.anchor_at
    assert found.anchor_count[0] == told.anchor_count


days = st.integers(0, 6)
rules = st.builds(
    AgendaRules,
    st.integers(0, 8),
    st.integers(0, 8),
    st.lists(st.integers(-4, 7), max_size=5).map(lambda v: tuple(sorted(set(v)))),
    st.lists(st.integers(1, 6), max_size=3).map(tuple),
    st.lists(st.integers(1, 6), max_size=3).map(tuple),
    st.lists(st.integers(1, 9), max_size=3).map(tuple),
)


@given(
    st.lists(rules, min_size=1, max_size=3),
    st.integers(0, 2),
    st.sampled_from(PHASES),
    st.booleans(),
    st.sampled_from([None, 0, 1, 3]),
    st.integers(-300, 300),
    st.integers(-300, 300),
    st.sampled_from(Step),
)
def test_the_next_entry_is_that_of_the_agenda(
    several: list[AgendaRules],
    which: int,
    phase: Any,
    auto_renew: bool,
    lead: int | None,
    done_hours: int,
    late_hours: int,
    done_step: Step,
) -> None:
    which %= len(several)
    entries = agenda(several[which], phase, auto_renew, lead)
    start = datetime(2026, 5, 1, tzinfo=UTC)
    # Whole days meet entries exactly.
    done_at = start + timedelta(
        hours=done_hours - done_hours % 24 if late_hours % 2 else done_hours
    )
    now = done_at + timedelta(hours=max(0, late_hours))
    table = Agendas(several, 3)
    row = table.row(
        ints(which), ints(PHASES.index(phase)), ints(auto_renew), ints(-1 if lead is None else lead)
    )
    args = row, ints(micros(start))
    at, step = table.after(
        *args, ints(micros(done_at)), np.array([done_step], np.int8), ints(micros(now))
    )
    assert Due(at_of(at[0]), Step(step[0])) == next_due(
        entries, start, Due(done_at, done_step), now
    )
    at, step = table.first(*args, ints(micros(now)))
    assert Due(at_of(at[0]), Step(step[0])) == first_due(entries, start, now)
    stale = table.is_stale_reminder(*args, ints(micros(done_at)), ints(micros(now)))
    assert stale[0] == is_stale(entries, start, Due(done_at, Step.REMIND), now)


def one_by_one(
    lines: list[tuple[int, int, bool, int, int]], free: dict[int, int]
) -> tuple[list[bool], dict[int, int]]:
    """Slowly: (wallet, tried at, alone, due at, price), its order is its place."""
    paid, left = [False] * len(lines), dict(free)
    order = sorted(range(len(lines)), key=lambda i: (lines[i][1], lines[i][2], lines[i][3], i))
    row: Any = None
    asked: dict[int, int] = {}
    at_begin: dict[int, int] = {}
    for i in order:
        wallet, tried, alone, _, price = lines[i]
        if row != (tried, alone) or alone:
            row, asked, at_begin = (tried, alone), {}, dict(left)
        asked[wallet] = asked.get(wallet, 0) + price
        if asked[wallet] <= at_begin[wallet]:
            paid[i] = True
            left[wallet] -= price
    return paid, left


some_lines = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 3), st.booleans(), st.integers(0, 2), st.integers(0, 5)
    ),
    min_size=1,
    max_size=12,
)


@given(some_lines, st.lists(st.integers(0, 15), min_size=3, max_size=3))
@example([(0, 0, False, 0, 5), (0, 0, False, 1, 1)], [3, 0, 0])
def test_wallets_pay_in_turn(lines: list[tuple[int, int, bool, int, int]], free: list[int]) -> None:
    columns = [np.array(column) for column in zip(*lines, strict=True)]
    wallet, now, alone, due, price = columns
    left = np.array(free)
    paid = payable(wallet, now, alone.astype(np.bool_), due, np.arange(len(lines)), price, left)
    told, told_left = one_by_one(lines, dict(enumerate(free)))
    assert paid.tolist() == told
    assert dict(enumerate(left.tolist())) == told_left


@pytest.mark.parametrize("zone", ZONES)
def test_offsets_change_at_the_second(zone: str) -> None:
    table = Zones([zone], BEGIN, END)
    place = ints(0)
    for day in range(365 * 4):
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day, minutes=37 * day)
        wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
        assert at_of(table.wall(ints(micros(at)), place)[0]) == wall
