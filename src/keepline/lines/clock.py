"""When a line is looked at next: its agenda (core.agenda), made from its policy."""

from datetime import datetime, timedelta
from typing import Protocol

from keepline.catalog.queries import policy_values
from keepline.core import agenda as agendas
from keepline.core.agenda import (
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
from keepline.core.terms import LATENESS


class Clocked(Protocol):
    """What the clock reads of a line."""

    @property
    def state(self) -> LineState: ...
    @property
    def policy_id(self) -> int: ...
    @property
    def valid_until(self) -> datetime | None: ...
    @property
    def since_at(self) -> datetime | None: ...
    @property
    def auto_renew(self) -> bool: ...
    @property
    def lead_days(self) -> int | None: ...
    @property
    def dormant(self) -> bool: ...


class Planned(Clocked, Protocol):
    """A line with its next action, as a page reads it."""

    @property
    def next_step(self) -> int | None: ...
    @property
    def next_action_at(self) -> datetime | None: ...


def first_of(
    line: Clocked, state: LineState, start_at: datetime | None, now: datetime
) -> Due | None:
    """The next action of a line in `state` from `now` on; `start_at` is its phase's start."""
    if line.dormant or start_at is None:
        return None
    return first_due(_entries(line, state), start_at, now)


def after(line: Clocked, done: Due, now: datetime) -> Due | None:
    """The next action once `done` is done and the line stays in its state."""
    start_at = start_of(line)
    if line.dormant or start_at is None:
        return None
    return next_due(_entries(line, line.state), start_at, done, now)


def next_try(line: Planned, rules: AgendaRules, now: datetime) -> datetime | None:
    """When the line is next tried to be renewed by itself, while it stays in its state.

    `rules` are those of its policy, for a caller who has them. None: not at all, or not before
    somebody else has done something.
    """
    start_at = start_of(line)
    if not line.auto_renew or line.dormant or start_at is None:
        return None
    step, at = line.next_step, line.next_action_at
    planned = Due(at, Step(step)) if step is not None and at is not None else None
    entries = agenda(rules, line.state, line.auto_renew, line.lead_days)
    return agendas.next_try(entries, start_at, planned, now)


def was_to_be_tried(line: Clocked, now: datetime) -> bool:
    """Whether a try of the line's phase lies behind `now`, made or not."""
    start_at = start_of(line)
    tries = [each for each in _entries(line, line.state) if each.step is Step.RENEW]
    return start_at is not None and any(
        start_at + timedelta(days=each.offset_days) <= now for each in tries
    )


def makes_sense(line: Clocked, due: Due, now: datetime) -> bool:
    """Whether a reminder or a try that is due is still worth making."""
    start_at = start_of(line)
    entries = _entries(line, line.state)
    return start_at is not None and not is_stale(entries, start_at, due, now)


def start_of(line: Clocked) -> datetime | None:
    """From when the line's phase counts."""
    if line.state in (LineState.GRACE, LineState.SUSPENDED):
        return line.since_at
    return line.valid_until


def change_at(line: Clocked) -> datetime | None:
    """When the line's phase is over, if nobody renews it."""
    start_at, rules = start_of(line), policy_values(line.policy_id)
    if start_at is None or line.state is LineState.ACTIVE or line.state is LineState.PAUSED:
        return start_at
    days = rules.grace_days if line.state is LineState.GRACE else rules.suspended_days
    return start_at + timedelta(days=days)


def began_at(planned_at: datetime, now: datetime) -> datetime:
    """From when a phase counts that was to begin at `planned_at` and begins at `now`.

    A little lateness is ours to swallow; after an outage the phase lasts its whole length from now
    on, so that nobody loses a number because we were away.
    """
    return planned_at if now - planned_at <= LATENESS else now


def _entries(line: Clocked, state: LineState) -> tuple[Entry, ...]:
    return agenda(policy_values(line.policy_id).agenda, state, line.auto_renew, line.lead_days)
