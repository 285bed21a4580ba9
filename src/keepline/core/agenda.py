"""What the clock does to a line, and when: the agenda of the phase of life that it is in.

A line's phases are active (or paused), grace and suspended. Each has a start: an active line counts
from its expiry, backwards and to zero; grace and suspension count from the instant at which they
began. The agenda of a phase is a list of steps at whole days (of 24 hours) from that start, made
from the line's policy; its last entry leads into the next phase. docs/lifecycle.md has the tables.

A line carries one entry: the next. Who was away for long goes through the entries in order, and

- a change of state is never skipped;
- of several reminders that are due only the last is sent, and none when a change of state is due
  as well, for that one sends its own;
- several tries to renew that are due are one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from functools import lru_cache

from keepline.core.lifecycle.line import LineState

__all__ = [
    "STEPS_OF",
    "AgendaRules",
    "Due",
    "Entry",
    "Step",
    "agenda",
    "first_due",
    "is_stale",
    "lead_choices",
    "next_due",
    "next_try",
    "tries_in_grace",
]


class Step(IntEnum):
    """What is done to a line. At one instant, the smaller number first."""

    RENEW = 1
    REMIND = 2
    EXPIRE = 3
    SUSPEND = 4
    WITHDRAW = 5
    RENEW_ALONE = 6  # a try that the sweep's statement has handed on; in no agenda


CHANGES = frozenset({Step.EXPIRE, Step.SUSPEND, Step.WITHDRAW})
STEPS_OF = {
    LineState.ACTIVE: (Step.RENEW, Step.RENEW_ALONE, Step.REMIND, Step.EXPIRE),
    LineState.PAUSED: (Step.REMIND, Step.EXPIRE),
    LineState.GRACE: (Step.RENEW, Step.RENEW_ALONE, Step.REMIND, Step.SUSPEND),
    LineState.SUSPENDED: (Step.REMIND, Step.WITHDRAW),
}


@dataclass(frozen=True, slots=True)
class AgendaRules:
    """The part of a policy that makes agendas. All of it in days.

    `retry_days`: tries to renew, counted from expiry (-3: three days before). The other three are
    distances: before expiry, after expiry, before the number is withdrawn.
    """

    grace_days: int
    suspended_days: int
    retry_days: tuple[int, ...] = (-3, -2, -1, 0, 1, 3, 5, 7)
    remind_before_expiry_days: tuple[int, ...] = (14, 7, 3, 1)
    remind_after_expiry_days: tuple[int, ...] = (7,)
    remind_before_withdrawal_days: tuple[int, ...] = (14, 7, 3, 1)


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One entry of an agenda: days from the phase's start, and what is done."""

    offset_days: int
    step: Step


@dataclass(frozen=True, slots=True)
class Due:
    """The next action of a line."""

    at: datetime
    step: Step


@lru_cache(maxsize=4096)
def agenda(
    rules: AgendaRules, state: LineState, auto_renew: bool, lead_days: int | None
) -> tuple[Entry, ...]:
    """The entries of the phase that `state` is, in order; none for a state without a clock.

    `lead_days`: how many days ahead of its expiry this line's holder wants it renewed; None
    leaves that to the policy.
    """
    if state == LineState.SUSPENDED:
        return _entries(Step.WITHDRAW, rules.suspended_days, _last_calls(rules, state), ())
    if state == LineState.GRACE:
        after = (day for day in rules.remind_after_expiry_days if 0 < day < rules.grace_days)
        return _entries(
            Step.SUSPEND,
            rules.grace_days,
            {*after, *_last_calls(rules, state)},
            tuple(tries_in_grace(rules) if auto_renew else ()),
        )
    if state in (LineState.ACTIVE, LineState.PAUSED):
        tries = _tries(rules, lead_days) if auto_renew and state == LineState.ACTIVE else ()
        reminders = {-day for day in rules.remind_before_expiry_days if day > 0}
        return _entries(Step.EXPIRE, 0, reminders, tuple(tries))
    return ()


def lead_choices(rules: AgendaRules) -> list[int]:
    """How many days ahead of its expiry a line may be renewed by itself, the earliest first.

    The first is what the policy does when the holder says nothing.
    """
    return [-day for day in sorted(day for day in rules.retry_days if day <= 0)] or [0]


def tries_in_grace(rules: AgendaRules) -> list[int]:
    """How many days into grace it is tried again."""
    return sorted(day for day in rules.retry_days if 0 < day < rules.grace_days)


def next_try(
    entries: tuple[Entry, ...], start_at: datetime, planned: Due | None, now: datetime
) -> datetime | None:
    """When a line is next tried to be renewed by itself, as far as this phase goes.

    `planned` is the line's next action, which may be another one.
    """
    if planned is not None and planned.step in (Step.RENEW, Step.RENEW_ALONE):
        return planned.at
    tries = [entry.offset_days for entry in entries if entry.step is Step.RENEW]
    days = (start_at + timedelta(days=offset) for offset in tries)
    return next((at for at in days if at > now), None)


def _tries(rules: AgendaRules, lead_days: int | None) -> list[int]:
    tries = [day for day in rules.retry_days if day <= 0]
    if lead_days is None:
        return tries or [0]
    return sorted({-lead_days, *(day for day in tries if day > -lead_days)})


def _last_calls(rules: AgendaRules, state: LineState) -> set[int]:
    """Reminders before the number is withdrawn, as far as they fall into this phase."""
    whole = rules.grace_days + rules.suspended_days
    calls = {whole - day for day in rules.remind_before_withdrawal_days}
    if state is LineState.GRACE:
        return {day for day in calls if 0 < day < rules.grace_days}
    return {day - rules.grace_days for day in calls if rules.grace_days < day < whole}


def _entries(
    change: Step, change_day: int, reminders: set[int], tries: tuple[int, ...]
) -> tuple[Entry, ...]:
    """A try tells the holder itself how it went: no reminder beside it."""
    entries = {Entry(change_day, change)}
    entries |= {Entry(day, Step.RENEW) for day in tries}
    entries |= {Entry(day, Step.REMIND) for day in reminders if day not in tries}
    return tuple(sorted(entries))


def first_due(entries: tuple[Entry, ...], start_at: datetime, now: datetime) -> Due | None:
    """The next action of a line that enters a phase, or has just been renewed, at `now`.

    What would have been before is not made up for, but for a change of state.
    """
    return next_due(entries, start_at, Due(now, max(Step)), now)


def next_due(
    entries: tuple[Entry, ...], start_at: datetime, done: Due, now: datetime
) -> Due | None:
    """The next action after `done` at `now`; None when the phase has no more of them."""
    for entry in entries:
        at = start_at + timedelta(days=entry.offset_days)
        if entry.step in CHANGES:
            return Due(at, entry.step)
        comes_after = (at, entry.step) > (done.at, done.step)
        if comes_after and not is_stale(entries, start_at, Due(at, entry.step), now):
            return Due(at, entry.step)
    return None


def is_stale(entries: tuple[Entry, ...], start_at: datetime, due: Due, now: datetime) -> bool:
    """Whether `due` makes no sense any more at `now`, because something later is due as well."""
    if due.step in CHANGES:
        return False
    for entry in entries:
        at = start_at + timedelta(days=entry.offset_days)
        if due.at < at <= now and entry.step == due.step:
            return True
        if at <= now and entry.step in CHANGES and due.step is Step.REMIND:
            return True
    return False
