"""The agenda: what comes next, against a walk through time that looks at every entry."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from keepline.core.agenda import (
    CHANGES,
    AgendaRules,
    Due,
    Entry,
    Step,
    agenda,
    first_due,
    is_stale,
    next_due,
)
from keepline.core.lifecycle.line import LineState

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
USUAL = AgendaRules(grace_days=30, suspended_days=60)

days = st.lists(st.integers(1, 120), max_size=5).map(tuple)
rules = st.builds(
    AgendaRules,
    grace_days=st.integers(0, 90),
    suspended_days=st.integers(0, 90),
    retry_days=st.lists(st.integers(-20, 60), max_size=8).map(tuple),
    remind_before_expiry_days=days,
    remind_after_expiry_days=days,
    remind_before_withdrawal_days=days,
)
phases = st.sampled_from([LineState.ACTIVE, LineState.GRACE, LineState.SUSPENDED])
agendas = st.builds(agenda, rules, phases, st.booleans(), st.none() | st.integers(0, 20))


def told(entries: tuple[Entry, ...]) -> list[tuple[int, str]]:
    return [(entry.offset_days, entry.step.name) for entry in entries]


def test_the_usual_agenda_of_a_line_that_renews_by_itself() -> None:
    assert told(agenda(USUAL, LineState.ACTIVE, auto_renew=True, lead_days=None)) == [
        (-14, "REMIND"),
        (-7, "REMIND"),
        (-3, "RENEW"),
        (-2, "RENEW"),
        (-1, "RENEW"),
        (0, "RENEW"),
        (0, "EXPIRE"),
    ]


def test_a_holders_own_lead_begins_the_tries() -> None:
    late = agenda(USUAL, LineState.ACTIVE, auto_renew=True, lead_days=1)
    assert [day for day, step in told(late) if step == "RENEW"] == [-1, 0]
    assert (-3, "REMIND") in told(late)
    early = agenda(USUAL, LineState.ACTIVE, auto_renew=True, lead_days=10)
    assert [day for day, step in told(early) if step == "RENEW"] == [-10, -3, -2, -1, 0]


def test_a_paused_line_is_reminded_and_not_renewed() -> None:
    paused = agenda(USUAL, LineState.PAUSED, auto_renew=True, lead_days=None)
    assert {step for _, step in told(paused)} == {"REMIND", "EXPIRE"}


def test_states_without_a_clock_have_no_agenda() -> None:
    timed = {LineState.ACTIVE, LineState.PAUSED, LineState.GRACE, LineState.SUSPENDED}
    for state in set(LineState) - timed:
        assert agenda(USUAL, state, auto_renew=True, lead_days=None) == ()


def test_calls_before_the_withdrawal_may_fall_into_grace() -> None:
    short = AgendaRules(grace_days=30, suspended_days=0)
    assert (27, "REMIND") in told(agenda(short, LineState.GRACE, auto_renew=False, lead_days=None))
    assert told(agenda(short, LineState.SUSPENDED, auto_renew=False, lead_days=None)) == [
        (0, "WITHDRAW")
    ]


@given(agendas)
def test_every_phase_ends_in_one_change_and_nothing_comes_after(entries: tuple[Entry, ...]) -> None:
    assert [entry for entry in entries if entry.step in CHANGES] == [entries[-1]]
    assert list(entries) == sorted(set(entries))


@given(agendas, st.integers(-400, 400))
def test_who_looks_every_hour_passes_every_entry_in_time(
    entries: tuple[Entry, ...], hour: int
) -> None:
    """From any instant on: each later entry is done once, at its instant, and in order."""
    now = START + timedelta(hours=hour)
    due, done = first_due(entries, START, now), []
    while due is not None:
        now = max(now, due.at)
        assert not is_stale(entries, START, due, now)
        done.append(due)
        due = None if due.step in CHANGES else next_due(entries, START, due, now)
    begun = START + timedelta(hours=hour)
    ahead = [Due(START + DAY * entry.offset_days, entry.step) for entry in entries]
    assert done == [due for due in ahead if due.at > begun or due.step in CHANGES]


@given(agendas, st.integers(-3000, 3000), st.integers(0, 6000))
def test_who_was_away_does_what_still_makes_sense(
    entries: tuple[Entry, ...], from_hour: int, away_hours: int
) -> None:
    """At most one reminder and one try are made up for, and the change of state always is."""
    now = START + timedelta(hours=from_hour + away_hours)
    due = first_due(entries, START, START + timedelta(hours=from_hour))
    done: list[Step] = []
    while due is not None and due.at <= now:
        if not is_stale(entries, START, due, now):
            done.append(due.step)
        due = None if due.step in CHANGES else next_due(entries, START, due, now)
    over = START + DAY * entries[-1].offset_days <= now
    assert (entries[-1].step in done) == over
    assert done.count(Step.RENEW) <= 1
    assert done.count(Step.REMIND) <= (0 if over else 1)
