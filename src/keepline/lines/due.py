"""Many lines at once: claim what is due, plan the next action, change states with their history.

One transaction a batch, which the caller holds; a line whose row another worker has is skipped.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from keepline.core.agenda import Due, Step
from keepline.core.ids import SLOTS, slot_of
from keepline.core.lifecycle.line import LINE, LineEvent, LineState
from keepline.slots.ids import new_id
from keepline.slots.sql import execute, fetch_all


@dataclass(frozen=True, slots=True)
class DueLine:
    """A line under lock, and its next action; none while it is dormant."""

    slot: int
    id: UUID
    account_id: UUID
    wallet_id: UUID
    state: LineState
    plan_id: int
    policy_id: int
    valid_until: datetime | None
    since_at: datetime | None
    auto_renew: bool
    lead_days: int | None
    dormant: bool
    warned_at: datetime | None
    due: Due | None

    @property
    def due_at(self) -> datetime:
        """When the step was due for which the line was claimed."""
        assert self.due is not None, "it was claimed because it was due"
        return self.due.at


LAST_SLOT = SLOTS - 1
ROW = """
SELECT v.slot, v.id, v.account_id, v.wallet_id, v.state, v.plan_id, v.policy_id, v.valid_until,
       v.since_at, v.auto_renew, v.lead_days, v.dormant, v.warned_at, v.next_step, v.next_action_at
FROM lines_validity v
"""
DUE = """
WHERE v.next_step = %(step)s AND v.next_action_at <= %(now)s AND {whose}
ORDER BY v.next_action_at LIMIT {limit}
"""
WAITING = f"SELECT v.id FROM lines_validity v {DUE}"  # noqa: S608 - our own words
TOGETHER = f"""
SELECT id, wallet_id FROM (
  SELECT v.slot, v.id, v.wallet_id, v.next_action_at FROM lines_validity v {DUE}
) AS d ORDER BY slot, wallet_id, next_action_at, id
"""  # noqa: S608 - our own words
# By their keys, one by one: read by what is due, all that is due would be read for every batch.
CLAIM_THESE = f"""
SELECT v.* FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[]) AS given(slot, id)
CROSS JOIN LATERAL (
  {ROW} WHERE v.slot = given.slot AND v.id = given.id OFFSET 0 FOR NO KEY UPDATE OF v SKIP LOCKED
) AS v
WHERE v.next_step = %(step)s AND v.next_action_at <= %(now)s
ORDER BY v.slot, v.id
"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Which:
    """Which lines: those of one clock (0 is the real one), in a range of slots."""

    clock_id: int = 0
    first_slot: int = 0
    last_slot: int = LAST_SLOT

    @property
    def real(self) -> bool:
        """Whether these lines follow the real clock."""
        return self.clock_id == 0

    @property
    def whose(self) -> str:
        """The same as SQL. What is said here PostgreSQL need not guess when it plans.

        The partial indexes are only used when the statement itself says of which clock.
        """
        clock = "v.clock_id = 0" if self.real else "v.clock_id = %(clock)s AND v.clock_id <> 0"
        if (self.first_slot, self.last_slot) == (0, LAST_SLOT):
            return clock
        return f"{clock} AND v.slot BETWEEN %(first_slot)s AND %(last_slot)s"

    def params(self) -> dict[str, int]:
        """What `whose` reads."""
        return {"clock": self.clock_id, "first_slot": self.first_slot, "last_slot": self.last_slot}


def waiting(step: Step, now: datetime, limit: int, which: Which) -> list[UUID]:
    """The lines whose `step` is due, the longest due first; nothing is locked."""
    params = {"step": int(step), "now": now, **which.params()}
    statement = WAITING.format(whose=which.whose, limit=limit)
    return [row.id for row in fetch_all(statement, params)]


class Payable(NamedTuple):
    """A line that is due, and the wallet that pays for it."""

    id: UUID
    wallet_id: UUID


def lying_together(step: Step, now: datetime, limit: int, which: Which) -> list[Payable]:
    """As `waiting`, but in the order in which rows lie on the disk.

    Lines of one wallet come one after the other, the longest due first.
    """
    params = {"step": int(step), "now": now, **which.params()}
    statement = TOGETHER.format(whose=which.whose, limit=limit)
    return [Payable(*row) for row in fetch_all(statement, params)]


def claim_these(ids: Sequence[UUID], step: Step, now: datetime) -> list[DueLine]:
    """Locks those of the lines whose `step` is still due."""
    slots = [slot_of(line_id) for line_id in ids]
    params = {"step": int(step), "now": now, "ids": list(ids), "slots": slots}
    return [due_line(row._asdict()) for row in fetch_all(CLAIM_THESE, params)]


# From the account, for the clock has no index by it (models.py: Line); one by one, as above.
LATER_TODAY = f"""
SELECT v.* FROM unnest(%(slots)s::smallint[], %(accounts)s::uuid[]) AS given(slot, account_id)
CROSS JOIN LATERAL (
  SELECT own.slot, own.id FROM lines_line own
  WHERE own.slot = given.slot AND own.account_id = given.account_id OFFSET 0
) AS l
CROSS JOIN LATERAL (
  {ROW} WHERE v.slot = l.slot AND v.id = l.id AND v.next_step = %(step)s
    AND v.next_action_at > %(now)s
    AND v.next_action_at < (date_trunc('day', %(now)s AT TIME ZONE v.time_zone)
                            + interval '1 day') AT TIME ZONE v.time_zone
  OFFSET 0 FOR NO KEY UPDATE OF v SKIP LOCKED
) AS v
LIMIT %(limit)s
"""  # noqa: S608 - our own words


def claim_later_today(
    accounts: Collection[UUID], step: Step, now: datetime, limit: int
) -> list[DueLine]:
    """Locks up to `limit` lines of these accounts whose `step` falls due later on the same day.

    A day is one of the line's own time zone.
    """
    if not accounts:
        return []
    params = {
        "slots": [slot_of(account_id) for account_id in accounts],
        "accounts": list(accounts),
        "step": int(step),
        "now": now,
        "limit": limit,
    }
    return [due_line(row._asdict()) for row in fetch_all(LATER_TODAY, params)]


SLEEPING = f"""{ROW}
WHERE v.dormant AND v.slot BETWEEN %(first_slot)s AND %(last_slot)s
LIMIT %(limit)s FOR NO KEY UPDATE OF v SKIP LOCKED
"""


def claim_sleeping(limit: int) -> list[DueLine]:
    """Locks dormant lines, in no order; they count as awake already."""
    rows = fetch_all(SLEEPING, {"limit": limit, **Which().params()})
    return [due_line({**row._asdict(), "dormant": False}) for row in rows]


def due_line(values: dict[str, Any]) -> DueLine:
    """The line of a row with ROW's columns."""
    step, at = values.pop("next_step"), values.pop("next_action_at")
    return DueLine(
        **{**values, "state": LineState(values["state"]), "due": step and Due(at, Step(step))}
    )


PLAN = """
UPDATE lines_validity v SET next_step = d.step, next_action_at = d.at, dormant = false
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(steps)s::smallint[], %(ats)s::timestamptz[])
  AS d(slot, id, step, at)
WHERE v.slot = d.slot AND v.id = d.id
"""


def plan(planned: Sequence[tuple[DueLine, Due | None]]) -> None:
    """Gives lines under lock their next action; None: nothing more."""
    if not planned:
        return
    params = {
        "slots": [line.slot for line, _ in planned],
        "ids": [line.id for line, _ in planned],
        "steps": [due and int(due.step) for _, due in planned],
        "ats": [due and due.at for _, due in planned],
    }
    execute(PLAN, params)


@dataclass(frozen=True, slots=True)
class Move:
    """One line's change of state: since when it counts, and what comes next."""

    line: DueLine
    since_at: datetime | None
    due: Due | None


MOVE = """
WITH moved AS (
  SELECT * FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(targets)s::text[],
                       %(sinces)s::timestamptz[], %(steps)s::smallint[], %(ats)s::timestamptz[],
                       %(sources)s::text[], %(events)s::uuid[])
    AS d(slot, id, target, since_at, step, at, source, event_id)
), told AS (
  INSERT INTO lines_lineevent (slot, id, line_id, event, source, target, actor, cause, occurred_at)
  SELECT slot, event_id, id, %(event)s, source, target, %(actor)s, %(cause)s, coalesce((
    SELECT max(e.occurred_at) + interval '1 microsecond' FROM lines_lineevent e
    WHERE e.slot = moved.slot AND e.line_id = moved.id AND e.occurred_at > %(now)s), %(now)s)
  FROM moved
)
UPDATE lines_validity v
SET state = moved.target, since_at = moved.since_at, next_step = moved.step,
    next_action_at = moved.at, dormant = false
FROM moved
WHERE v.slot = moved.slot AND v.id = moved.id AND v.state = moved.source
"""


def transition_all(
    moves: Sequence[Move], event: LineEvent, actor: str, cause: str, now: datetime
) -> None:
    """Moves lines under lock by `event`, each with its row of history, which stands after the last
    one though another machine's clock had written that.

    Raises core's IllegalTransition when one of them has no such edge; then none has moved.
    """
    if not moves:
        return
    lines = [move.line for move in moves]
    params = {
        "slots": [line.slot for line in lines],
        "ids": [line.id for line in lines],
        "targets": [LINE.next(line.state, event).value for line in lines],
        "sinces": [move.since_at for move in moves],
        "steps": [move.due and int(move.due.step) for move in moves],
        "ats": [move.due and move.due.at for move in moves],
        "sources": [line.state.value for line in lines],
        "events": [new_id(line.slot) for line in lines],
        "event": event.value,
        "actor": actor,
        "cause": cause,
        "now": now,
    }
    touched = execute(MOVE, params)
    assert touched == len(moves), "locked rows stay as they are"
