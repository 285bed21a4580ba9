"""The agendas of all phases as one table, and the next entry for many lines at once.

The entries are core.agenda's own; which of them is next is core.agenda.next_due said for arrays. A
test holds the two together.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from keepline.core.agenda import CHANGES, AgendaRules, Step, agenda
from keepline.core.future.periods import DAY
from keepline.core.lifecycle.line import LineState

__all__ = ["PHASES", "Agendas"]

Ints = NDArray[np.int64]
Steps = NDArray[np.int8]
Flags = NDArray[np.bool_]
PHASES = (LineState.ACTIVE, LineState.PAUSED, LineState.GRACE, LineState.SUSPENDED)
LEAST = -(2**62)


class Agendas:
    """Rows of entries by policy, phase (its place in PHASES), auto-renew and lead (-1: none)."""

    def __init__(self, policies: Sequence[AgendaRules], longest_lead: int) -> None:
        self._leads = longest_lead + 2
        rows = [
            agenda(rules, phase, auto_renew, None if lead < 0 else lead)
            for rules in policies
            for phase in PHASES
            for auto_renew in (False, True)
            for lead in range(-1, longest_lead + 1)
        ]
        width = max((len(row) for row in rows), default=1)
        self._offsets = np.zeros((len(rows), width), np.int64)
        self._steps = np.zeros((len(rows), width), np.int8)
        for place, row in enumerate(rows):
            self._offsets[place, : len(row)] = [entry.offset_days * DAY for entry in row]
            self._steps[place, : len(row)] = [int(entry.step) for entry in row]
        self._is_change = np.isin(self._steps, [int(step) for step in CHANGES])

    def row(self, policy: Ints, phase: Ints, auto_renew: Ints, lead: Ints) -> Ints:
        """The place of each line's agenda in the table."""
        return ((policy * len(PHASES) + phase) * 2 + auto_renew) * self._leads + lead + 1

    def first(self, row: Ints, start: Ints, now: Ints) -> tuple[Ints, Steps]:
        """core.agenda.first_due: (at, step)."""
        return self.after(row, start, now, np.full(len(row), max(Step), np.int8), now)

    def after(
        self, row: Ints, start: Ints, done_at: Ints, done_step: Steps, now: Ints
    ) -> tuple[Ints, Steps]:
        """core.agenda.next_due: (at, step). Every phase ends with a change, so there is one."""
        steps, change = self._steps[row], self._is_change[row]
        at = start[:, None] + self._offsets[row]
        later = at > done_at[:, None]
        later |= (at == done_at[:, None]) & (steps > done_step[:, None])
        later &= steps > 0
        due = (at <= now[:, None]) & (steps > 0)
        if (later & due).any():  # only what is late can be stale
            later &= ~self._stale(at, steps, change, due)
        found = np.argmax(change | later, axis=1)
        place = np.arange(len(row))
        return at[place, found], steps[place, found]

    def is_stale_reminder(self, row: Ints, start: Ints, due_at: Ints, now: Ints) -> Flags:
        """core.agenda.is_stale of a reminder that was due at `due_at`."""
        at = start[:, None] + self._offsets[row]
        passed = (at <= now[:, None]) & (
            self._is_change[row] | ((self._steps[row] == Step.REMIND) & (at > due_at[:, None]))
        )
        stale: Flags = passed.any(axis=1)
        return stale

    def _stale(self, at: Ints, steps: Steps, change: Flags, due: Flags) -> Flags:
        over = np.logical_or.reduce(due & change, axis=1)
        stale: Flags = np.logical_and(steps == Step.REMIND, over[:, None])
        for step in (Step.RENEW, Step.REMIND):
            last = np.where(due & (steps == step), at, LEAST).max(axis=1)
            stale |= (steps == step) & (at < last[:, None])
        return stale
