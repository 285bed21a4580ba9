"""Periods, against docs/time.md and against dateutil."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil import tz
from dateutil.relativedelta import relativedelta
from hypothesis import example, given
from hypothesis import strategies as st

from keepline.core.terms import LATENESS, GraceRule, Period, Term, TermError, add_terms, next_period

PAGE = Path(__file__).resolve().parents[2] / "docs" / "time.md"
ZONES = sorted(zone for zone in available_timezones() if "/" in zone)
AWKWARD = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]
RULES: tuple[GraceRule, ...] = ("from_payment", "from_expiry")

zones = st.sampled_from(AWKWARD) | st.sampled_from(ZONES)
instants = st.datetimes(
    datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC), allow_imaginary=False
)
month_terms = st.sampled_from(["P1M", "P3M", "P1Y", "P1Y6M", "P6M"]).map(Term.parse)
day_terms = st.sampled_from(["P1D", "P7D", "P2W", "P30D", "P365D"]).map(Term.parse)
terms = month_terms | day_terms
rules = st.sampled_from(RULES)


def oracle(anchor_at: datetime, zone: str, step: relativedelta) -> datetime:
    """dateutil's month arithmetic, and its own way out of a gap."""
    wall = anchor_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) + step
    return tz.resolve_imaginary(wall.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def calm_around(at: datetime, zone: str) -> bool:
    """resolve_imaginary asks for the offsets a day before and after; one change at most."""
    offsets = [
        (at + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).utcoffset()
        for hours in range(-50, 51)
    ]
    return sum(one != other for one, other in pairwise(offsets)) <= 1


@given(instants, zones, month_terms, st.integers(0, 40))
@example(datetime(2026, 1, 29, 1, 30, tzinfo=UTC), "Europe/Berlin", Term(2, 0), 1)
@example(datetime(2028, 2, 29, 9, tzinfo=UTC), "UTC", Term(12, 0), 1)
def test_months_are_dateutils(anchor_at: datetime, zone: str, term: Term, count: int) -> None:
    end_at = add_terms(anchor_at, zone, term, count)
    if calm_around(end_at, zone):
        assert end_at == oracle(anchor_at, zone, relativedelta(months=term.months * count))


@given(instants, zones, day_terms, st.integers(0, 40))
@example(datetime(2026, 3, 28, 1, 30, tzinfo=UTC), "Europe/Berlin", Term(0, 1), 1)
@example(datetime(2026, 10, 24, 0, 30, tzinfo=UTC), "Europe/Berlin", Term(0, 1), 1)
def test_days_are_dateutils(anchor_at: datetime, zone: str, term: Term, count: int) -> None:
    end_at = add_terms(anchor_at, zone, term, count)
    if calm_around(end_at, zone):
        assert end_at == oracle(anchor_at, zone, relativedelta(days=term.days * count))


@given(instants, zones, month_terms, st.integers(1, 24))
def test_the_anchors_day_comes_back(anchor_at: datetime, zone: str, term: Term, count: int) -> None:
    """Without a change of clocks the wall time is the anchor's, and the day is or is the last."""
    end = add_terms(anchor_at, zone, term, count).astimezone(ZoneInfo(zone))
    anchor = anchor_at.astimezone(ZoneInfo(zone))
    if (end.hour, end.minute) == (anchor.hour, anchor.minute):
        tomorrow = end.replace(tzinfo=None) + timedelta(days=1)
        assert end.day == anchor.day or (end.day < anchor.day and tomorrow.day == 1)


@given(instants, zones, st.lists(terms, min_size=1, max_size=12), rules)
def test_stacked_renewals_are_contiguous_and_go_forward(
    now: datetime, zone: str, bought: list[Term], rule: GraceRule
) -> None:
    period: Period | None = None
    for term in bought:
        before = period
        period = renewed(now, before, zone, term, rule)
        assert period.start_at == (before.end_at if before else now)
        assert period.end_at > period.start_at
        least = timedelta(days=term.days or 28 * term.months) - timedelta(hours=25)
        assert period.end_at - period.start_at >= least


@given(instants, zones, st.lists(month_terms, min_size=1, max_size=12))
def test_months_bought_one_by_one_are_months_bought_at_once(
    now: datetime, zone: str, bought: list[Term]
) -> None:
    period: Period | None = None
    for term in bought:
        period = renewed(now, period, zone, term, "from_payment")
    assert period is not None
    months = sum(term.months for term in bought)
    assert (period.anchor_at, period.anchor_count) == (now, months)
    assert period.end_at == add_terms(now, zone, Term(months, 0), 1)


@given(instants, zones, day_terms, month_terms)
def test_days_end_the_count_of_months(now: datetime, zone: str, days: Term, months: Term) -> None:
    period = renewed(now, None, zone, days, "from_payment")
    following = renewed(now, period, zone, months, "from_payment")
    assert (period.anchor_at, period.anchor_count) == (period.end_at, 0)
    assert (following.anchor_at, following.anchor_count) == (period.end_at, months.months)


lately = st.timedeltas(timedelta(0), 2 * LATENESS) | st.timedeltas(timedelta(0), timedelta(days=90))


@given(instants, zones, month_terms, terms, lately, rules)
@example(
    datetime(2026, 5, 5, 9, tzinfo=UTC), "UTC", Term(1, 0), Term(0, 1), LATENESS, "from_payment"
)
@example(
    datetime(2026, 5, 5, 9, tzinfo=UTC),
    "UTC",
    Term(1, 0),
    Term(0, 1),
    LATENESS + timedelta.resolution,
    "from_payment",
)
def test_a_renewal_in_grace(
    bought_at: datetime, zone: str, first: Term, term: Term, late: timedelta, rule: GraceRule
) -> None:
    ended = renewed(bought_at, None, zone, first, rule)
    now = ended.end_at + late
    period = renewed(now, ended, zone, term, rule)
    assert period.end_at > now, "every renewal buys some of the future"
    assert period.start_at in (now, ended.end_at)
    if late <= LATENESS:
        assert period.start_at == ended.end_at, "so little is no lapse, whatever the rule"
    elif rule == "from_payment":
        assert period.start_at == now
    elif period.start_at != ended.end_at:
        assert renewed(ended.end_at, ended, zone, term, rule).end_at <= now


@given(instants, zones, month_terms, month_terms, st.timedeltas(min_value=timedelta(seconds=1)))
def test_days_that_were_given_are_not_taken_back(
    now: datetime, zone: str, first: Term, term: Term, given_extra: timedelta
) -> None:
    extra = min(given_extra, timedelta(days=90))
    period = renewed(now, None, zone, first, "from_payment")
    moved = period.end_at + extra
    following = next_period(
        now, moved, period.anchor_at, period.anchor_count, zone, term, "from_payment"
    )
    assert following.start_at == following.anchor_at == moved
    assert following.end_at == add_terms(moved, zone, term, 1)


def renewed(now: datetime, before: Period | None, zone: str, term: Term, rule: GraceRule) -> Period:
    if before is None:
        return next_period(now, None, None, 0, zone, term, rule)
    return next_period(now, before.end_at, before.anchor_at, before.anchor_count, zone, term, rule)


def rows_of(heading: str) -> Iterator[list[str]]:
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    for line in table[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def wall(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def chains() -> list[list[list[str]]]:
    found: list[list[list[str]]] = [[]]
    for row in rows_of("Months and days"):
        if row[0] == "-":
            found.append([])
        else:
            found[-1].append(row)
    return found


@pytest.mark.parametrize("chain", chains(), ids=lambda chain: f"{chain[0][0]} {chain[0][1]}")
def test_the_pages_examples(chain: list[list[str]]) -> None:
    zone, period = chain[0][0], None
    for _, accepted, term, start, end, _ in chain:
        period = renewed(wall(accepted, zone), period, zone, Term.parse(term), "from_payment")
        assert (period.start_at, period.end_at) == (wall(start, zone), wall(end, zone))


@pytest.mark.parametrize("row", list(rows_of("Renewals in grace")), ids=" ".join)
def test_the_pages_examples_in_grace(row: list[str]) -> None:
    rule, accepted, term, start, end, _ = row
    zone = "Europe/Berlin"
    ended = renewed(wall("2026-01-31 10:00", zone), None, zone, Term.parse("P1M"), "from_payment")
    period = renewed(
        wall(accepted, zone),
        ended,
        zone,
        Term.parse(term),
        "from_expiry" if rule == "from_expiry" else "from_payment",
    )
    assert (period.start_at, period.end_at) == (wall(start, zone), wall(end, zone))


def test_the_first_of_two_is_summer_time() -> None:
    """The table above cannot say which 02:30 it means."""
    at = wall("2026-09-25 02:30", "Europe/Berlin")
    end_at = add_terms(at, "Europe/Berlin", Term.parse("P30D"), 1)
    assert end_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "months", "days", "canonical"),
    [
        ("P1M", 1, 0, "P1M"),
        ("P3M", 3, 0, "P3M"),
        ("P12M", 12, 0, "P1Y"),
        ("P1Y", 12, 0, "P1Y"),
        ("P1Y6M", 18, 0, "P1Y6M"),
        ("P1D", 0, 1, "P1D"),
        ("P30D", 0, 30, "P30D"),
        ("P2W", 0, 14, "P14D"),
        ("P1W1D", 0, 8, "P8D"),
    ],
)
def test_terms_are_read(text: str, months: int, days: int, canonical: str) -> None:
    assert Term.parse(text) == Term(months, days)
    assert str(Term.parse(text)) == canonical


@given(
    st.builds(Term, st.integers(1, 999), st.just(0))
    | st.builds(Term, st.just(0), st.integers(1, 9999))
)
def test_a_term_written_and_read_is_itself(term: Term) -> None:
    assert Term.parse(str(term)) == term


NO_TERMS = """
P P0D P0M P0Y0M P1M1D P1Y1W PT1H P1.5M -P1M P-1M 1M p1m P1D1W P1M1Y P10000D P\u0661M
"""


@pytest.mark.parametrize(
    ("one", "other", "shorter"),
    [
        ("P30D", "P1M", True),
        ("P31D", "P1M", False),
        ("P1M", "P1M", False),
        ("P2W", "P1M", True),
        ("P365D", "P1Y", True),
        ("P366D", "P1Y", False),
        ("P1Y", "P12M", False),
    ],
)
def test_which_of_two_terms_is_shorter(one: str, other: str, shorter: bool) -> None:
    assert Term.parse(one).shorter_than(Term.parse(other)) is shorter


@pytest.mark.parametrize("text", ["", " P1M", "P1M\n", *NO_TERMS.split()])
def test_what_is_no_term_is_refused(text: str) -> None:
    with pytest.raises(TermError):
        Term.parse(text)


@pytest.mark.parametrize(("months", "days"), [(0, 0), (1, 1), (-1, 0), (0, -1), (1, -1)])
def test_no_term_is_made_that_could_not_be_read(months: int, days: int) -> None:
    with pytest.raises(TermError):
        Term(months, days)


def test_an_instant_names_its_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        add_terms(datetime(2026, 1, 1), "UTC", Term(1, 0), 1)
