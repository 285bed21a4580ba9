"""Other beginnings of the same base: under a proposed policy, or with its sleeping lines awake."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from keepline.core.agenda import agenda
from keepline.core.future.agendas import PHASES, Agendas
from keepline.core.future.figures import PolicyRules
from keepline.core.future.periods import NONE
from keepline.core.future.running import ACTIVE, GRACE, micros
from keepline.core.future.world import FAR, Lines, World
from keepline.core.lifecycle.line import LineState

__all__ = ["governed", "propose", "wake"]

Ints = NDArray[np.int64]


def governed(world: World, proposed: PolicyRules) -> NDArray[np.bool_]:
    """Which policies it stands in for: those of its code, or all when there is none."""
    same = np.array([policy.code == proposed.code for policy in world.policies], np.bool_)
    return same if same.any() else np.ones_like(same)


def propose(world: World, proposed: PolicyRules) -> World:
    """The same base and instant with `proposed` in force; next actions follow where they change."""
    replaced = governed(world, proposed)
    policies = [
        replace(proposed, policy_id=policy.policy_id) if replaced[place] else policy
        for place, policy in enumerate(world.policies)
    ]
    lines = world.lines.copy()
    changed = np.array(
        [was.agenda != will.agenda for was, will in zip(world.policies, policies, strict=True)],
        np.bool_,
    )
    rows = np.flatnonzero((lines.at < FAR) & changed[lines.policy])
    rows = rows[_differ(world, policies, rows)]
    _plan(lines, policies, rows, lines.phase[rows], micros(world.now))
    return replace(world, lines=lines, policies=policies)


def wake(world: World) -> World:
    """As flows/go_live: what was over before gets its whole grace from now."""
    lines, now = world.lines.copy(), micros(world.now)
    rows = np.flatnonzero(lines.dormant & (lines.phase < len(PHASES)))
    lapsed = rows[(lines.phase[rows] == ACTIVE) & (lines.valid_until[rows] <= now)]
    lines.phase[lapsed], lines.since_at[lapsed] = GRACE, now
    _plan(lines, world.policies, rows, lines.phase[rows], now)
    return replace(world, lines=lines)


def _differ(world: World, policies: list[PolicyRules], rows: Ints) -> NDArray[np.bool_]:
    """Lines whose agenda, in the phase that they are in, is another one now."""
    lines = world.lines
    keys = np.stack(
        [lines.policy[rows], lines.phase[rows], lines.auto_renew[rows], lines.lead[rows]]
    )
    kinds, kind = np.unique(keys, axis=1, return_inverse=True)
    differs = [
        agenda(world.policies[policy].agenda, *_phase(phase, auto_renew, lead))
        != agenda(policies[policy].agenda, *_phase(phase, auto_renew, lead))
        for policy, phase, auto_renew, lead in kinds.T.tolist()
    ]
    return np.array(differs, np.bool_)[kind.reshape(-1)] if differs else np.zeros(0, np.bool_)


def _phase(phase: int, auto_renew: int, lead: int) -> tuple[LineState, bool, int | None]:
    return PHASES[phase], bool(auto_renew), None if lead < 0 else lead


def _plan(
    lines: Lines,
    policies: Sequence[PolicyRules],
    rows: Ints,
    phase: NDArray[np.int8],
    now: int,
) -> None:
    """Gives these lines the first entry of their agendas that is still ahead."""
    start = np.where(phase >= GRACE, lines.since_at[rows], lines.valid_until[rows])
    rows, phase, start = (each[start != NONE] for each in (rows, phase, start))
    agendas = Agendas([policy.agenda for policy in policies], int(lines.lead.max(initial=-1)))
    row = agendas.row(
        lines.policy[rows],
        phase.astype(np.int64),
        lines.auto_renew[rows].astype(np.int64),
        lines.lead[rows],
    )
    lines.at[rows], lines.step[rows] = agendas.first(row, start, np.full(len(rows), now, np.int64))
