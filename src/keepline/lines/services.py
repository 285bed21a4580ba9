"""Writes of lines: the one way into a state, and the one way to a longer life."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from keepline.core.agenda import Step
from keepline.core.allowances import Allowance
from keepline.core.ids import derived_id, slot_of, slots_of
from keepline.core.lifecycle.line import LINE, LineEvent, LineState
from keepline.core.terms import Period
from keepline.lines import clock
from keepline.slots.ids import new_id
from keepline.slots.sql import ask, execute, fetch_all, fetch_one, write


class LineNotFound(Exception):
    """No such line in this account."""


class StateMoved(Exception):
    """The line is no longer in the state the caller decided on."""


@dataclass(frozen=True)
class LockedLine:
    """A line under lock: all that a renewal decides on. Instants UTC."""

    id: UUID
    account_id: UUID
    wallet_id: UUID
    kind: str
    e164: int | None
    iccid: str | None
    carrier_id: int | None
    time_zone: str
    state: LineState
    plan_id: int
    policy_id: int
    valid_until: datetime | None
    anchor_at: datetime | None
    anchor_count: int
    since_at: datetime | None
    auto_renew: bool
    lead_days: int | None
    dormant: bool
    method_id: UUID | None = None


STATE = [field.name for field in fields(LockedLine)].index("state")
LOCK_LINE = """
SELECT v.id, v.account_id, v.wallet_id, l.kind, l.e164, l.iccid, l.carrier_id, v.time_zone,
       v.state, v.plan_id, v.policy_id, v.valid_until, v.anchor_at, v.anchor_count, v.since_at,
       v.auto_renew, v.lead_days, v.dormant, l.method_id
FROM lines_validity v JOIN lines_line l ON l.slot = v.slot AND l.id = v.id
WHERE v.slot = %s AND v.id = %s AND v.account_id = %s
"""


def lock_line(line_id: UUID, account_id: UUID) -> LockedLine:
    """Locks the line's clock row until commit. Raises LineNotFound for another's line."""
    return locking_line(line_id, account_id)()


def locking_line(line_id: UUID, account_id: UUID) -> Callable[[], LockedLine]:
    """The same, to be sent together with other statements; the line is told afterwards."""
    return _line(LOCK_LINE + " FOR NO KEY UPDATE OF v", line_id, account_id)


def read_line(line_id: UUID, account_id: UUID) -> LockedLine:
    """The same facts without the lock, for previews."""
    return _line(LOCK_LINE, line_id, account_id)()


AMONG = (
    LOCK_LINE[: LOCK_LINE.index("WHERE")]
    + "WHERE v.slot = ANY(%(slots)s) AND v.id = ANY(%(ids)s) ORDER BY v.slot, v.id"
)


def lines_among(line_ids: Collection[UUID], lock: bool) -> dict[UUID, LockedLine]:
    """Lines by id, whosever they are, locked until commit or not. One query, none for none."""
    if not line_ids:
        return {}
    statement = AMONG + (" FOR NO KEY UPDATE OF v" if lock else "")
    params = {"slots": slots_of(line_ids), "ids": list(line_ids)}
    return {row.id: _of_row(row) for row in fetch_all(statement, params)}


def _line(statement: str, line_id: UUID, account_id: UUID) -> Callable[[], LockedLine]:
    answer = ask(statement, (slot_of(account_id), line_id, account_id))

    def line() -> LockedLine:
        row = answer.one()
        if row is None:
            raise LineNotFound(line_id)
        return _of_row(row)

    return line


def _of_row(row: Any) -> LockedLine:
    values = list(row)
    values[STATE] = LineState(row.state)
    return LockedLine(*values)


@dataclass(frozen=True)
class Grant:
    """What an order adds to a line: a period, the buckets of its plan, the plan itself."""

    order_id: UUID
    plan_id: int
    period: Period
    allowance: Allowance


EXTEND = """
WITH extension AS (
  INSERT INTO lines_extension (slot, id, line_id, order_id, plan_id, period_start, period_end,
      anchor_at, anchor_count, granted_at, data_bytes, voice_seconds, sms_count, turn)
  VALUES (%(slot)s, %(id)s, %(line)s, %(order)s, %(plan)s, %(start)s, %(end)s,
      %(anchor_at)s, %(anchor_count)s, %(now)s, %(data)s, %(voice)s, %(sms)s,
      (SELECT count(*) FROM lines_reversal r WHERE r.slot = %(slot)s AND r.line_id = %(line)s))
)
UPDATE lines_validity
SET valid_until = %(end)s, anchor_at = %(anchor_at)s, anchor_count = %(anchor_count)s,
    plan_id = %(plan)s, state = %(target)s, since_at = NULL, next_step = %(next_step)s,
    next_action_at = %(next_at)s
WHERE slot = %(slot)s AND id = %(line)s AND state = %(source)s
"""


def extend(line: LockedLine, grant: Grant, actor: str, now: datetime) -> LineState:
    """Extends a locked line by one period; returns its new state.

    Raises core's IllegalTransition when a line in its state cannot be renewed, and
    django.db.IntegrityError when the period was already given.
    """
    slot, target = slot_of(line.id), LINE.next(line.state, LineEvent.RENEW)
    due = clock.first_of(line, target, grant.period.end_at, now)
    write(
        EXTEND,
        {
            "slot": slot,
            "id": derived_id(grant.order_id, "extension"),
            "line": line.id,
            "order": grant.order_id,
            "plan": grant.plan_id,
            "start": grant.period.start_at,
            "end": grant.period.end_at,
            "anchor_at": grant.period.anchor_at,
            "anchor_count": grant.period.anchor_count,
            "now": now,
            "data": grant.allowance.data_bytes,
            "voice": grant.allowance.voice_seconds,
            "sms": grant.allowance.sms_count,
            "source": line.state.value,
            "target": target.value,
            "next_step": due and int(due.step),
            "next_at": due and due.at,
        },
        touches=1,
        otherwise=StateMoved(line.id),
    )
    if target != line.state:
        _record(line, LineEvent.RENEW, target, actor, "renewed", grant.order_id, now)
    return LineState(target)


# In these a line's grace or suspension stands still (interrupting.py): since when it ran is kept.
INTERRUPTIONS = (LineState.BLOCKED, LineState.PORTING)
MOVE = """
UPDATE lines_validity
SET state = %(target)s, since_at = %(since)s, next_step = %(step)s, next_action_at = %(at)s
WHERE slot = %(slot)s AND id = %(line)s AND state = %(source)s
"""


def transition(
    line: LockedLine, event: LineEvent, actor: str, cause: str, now: datetime
) -> LineState:
    """Moves a locked line by `event` (compare and set) and appends its history."""
    target = LINE.next(line.state, event)
    kept = line.since_at if target in INTERRUPTIONS else None
    since_at = now if target in (LineState.GRACE, LineState.SUSPENDED) else kept
    return enter(line, event, since_at, actor, cause, now)


def enter(
    line: LockedLine,
    event: LineEvent,
    since_at: datetime | None,
    actor: str,
    cause: str,
    now: datetime,
) -> LineState:
    """The same; `since_at`: from when grace or suspension count, None where the expiry counts."""
    target = LINE.next(line.state, event)
    due = clock.first_of(line, target, since_at or line.valid_until, now)
    params = {
        "slot": slot_of(line.id),
        "line": line.id,
        "source": line.state.value,
        "target": target.value,
        "since": since_at,
        "step": due and int(due.step),
        "at": due and due.at,
    }
    if execute(MOVE, params) != 1:
        raise StateMoved(line.id)
    _record(line, event, target, actor, cause, None, now)
    return LineState(target)


# Machines' clocks may differ: a step never stands before the one that it followed.
RECORD = """
INSERT INTO lines_lineevent (slot, id, line_id, event, source, target, actor, cause, order_id,
                             occurred_at)
VALUES (%(slot)s, %(id)s, %(line)s, %(event)s, %(source)s, %(target)s, %(actor)s, %(cause)s,
        %(order)s, coalesce((
          SELECT max(e.occurred_at) + interval '1 microsecond' FROM lines_lineevent e
          WHERE e.slot = %(slot)s AND e.line_id = %(line)s AND e.occurred_at > %(now)s), %(now)s))
"""


def _record(
    line: LockedLine,
    event: LineEvent,
    target: str,
    actor: str,
    cause: str,
    order_id: UUID | None,
    now: datetime,
) -> None:
    slot = slot_of(line.id)
    write(
        RECORD,
        {
            "slot": slot,
            "id": new_id(slot),
            "line": line.id,
            "event": event.value,
            "source": line.state.value,
            "target": str(target),
            "actor": actor,
            "cause": cause,
            "order": order_id,
            "now": now,
        },
    )


RENAME = """
UPDATE lines_line l SET label = %(label)s
FROM (SELECT slot, id, label FROM lines_line
      WHERE slot = %(slot)s AND id = %(line)s AND account_id = %(account)s
      FOR NO KEY UPDATE) was
WHERE l.slot = was.slot AND l.id = was.id
RETURNING was.label
"""


def rename(line_id: UUID, account_id: UUID, label: str) -> str | None:
    """Gives the line its label; the former one, or None for another account's line."""
    params = {"slot": slot_of(account_id), "line": line_id, "account": account_id, "label": label}
    row = fetch_one(RENAME, params)
    return None if row is None else str(row.label)


def note_activation(line: LockedLine, now: datetime) -> None:
    """When the line's life began."""
    execute(
        "UPDATE lines_line SET activated_at = %s WHERE slot = %s AND id = %s",
        (now, slot_of(line.id), line.id),
    )


def forget_names(line: LockedLine) -> None:
    """Takes number and card from a line that never lived: they were never its own."""
    execute(
        "UPDATE lines_line SET e164 = NULL, iccid = NULL WHERE slot = %s AND id = %s",
        (slot_of(line.id), line.id),
    )


AUTO_RENEW = """
UPDATE lines_validity v
SET auto_renew = %(enabled)s, lead_days = %(lead)s, plan_id = %(plan)s,
    next_step = CASE WHEN planned.anew THEN %(step)s::smallint ELSE v.next_step END,
    next_action_at = CASE WHEN planned.anew THEN %(at)s::timestamptz ELSE v.next_action_at END
FROM (
  SELECT slot, id, %(anew)s AND NOT coalesce(
    %(tried)s AND next_step = ANY(%(tries)s) AND next_action_at <= %(now)s, false) AS anew
  FROM lines_validity WHERE slot = %(slot)s AND id = %(line)s
) AS planned
WHERE v.slot = planned.slot AND v.id = planned.id
"""


def set_auto_renew(
    line: LockedLine, enabled: bool, plan_id: int, lead_days: int | None, now: datetime
) -> None:
    """Switches auto-renew of a locked line, and says with which version of a plan and how early.

    `lead_days`: the first try so many days before expiry; None leaves it to the policy. A try that
    is due and not made yet is still made, when it is one of the new agenda as well.
    """
    wished = replace(line, auto_renew=enabled, lead_days=lead_days)
    due = clock.first_of(wished, line.state, clock.start_of(line), now)
    params = {
        "slot": slot_of(line.id),
        "line": line.id,
        "enabled": enabled,
        "lead": lead_days,
        "plan": plan_id,
        # A suspended line's agenda has no tries: what is planned for it stays, a notice that waits
        # or a withdrawal that was put off.
        "anew": line.state is not LineState.SUSPENDED,
        "tried": clock.was_to_be_tried(wished, now),
        "tries": [int(Step.RENEW), int(Step.RENEW_ALONE)],
        "now": now,
        "step": due and int(due.step),
        "at": due and due.at,
    }
    execute(AUTO_RENEW, params)


CHARGE = """
UPDATE lines_line SET method_id = %(method)s
WHERE slot = %(slot)s AND id = %(line)s AND method_id IS DISTINCT FROM %(method)s
"""


def charge_method(line: LockedLine, method_id: UUID | None) -> None:
    """Which saved method pays for a locked line when its wallet is short; None: none does."""
    execute(CHARGE, {"slot": slot_of(line.id), "line": line.id, "method": method_id})


def forget_method(account_id: UUID, method_id: UUID) -> int:
    """No line of the account is paid by this method any more; how many were."""
    return execute(
        "UPDATE lines_line SET method_id = NULL WHERE slot = %s AND account_id = %s"
        " AND method_id = %s",
        (slot_of(account_id), account_id, method_id),
    )


def follow_clock(account_id: UUID, clock_id: int) -> int:
    """All lines of the account live by this clock from now on; how many."""
    return execute(
        "UPDATE lines_validity SET clock_id = %s WHERE slot = %s AND account_id = %s",
        (clock_id, slot_of(account_id), account_id),
    )


# Locked in one order: two who tell of the same lines must not wait for each other.
WARNED = """
UPDATE lines_validity v SET warned_at = %(now)s
FROM (
  SELECT slot, id FROM lines_validity
  WHERE slot = ANY(%(slots)s) AND id = ANY(%(ids)s) ORDER BY slot, id FOR NO KEY UPDATE
) AS told
WHERE v.slot = told.slot AND v.id = told.id
"""


def note_warnings(line_ids: Collection[UUID], now: datetime) -> None:
    """A notice that each line may be lost has reached its holder."""
    if line_ids:
        slots = slots_of(line_ids)
        execute(WARNED, {"now": now, "slots": slots, "ids": list(line_ids)})


CORRECTED = """
UPDATE lines_validity v SET warned_at = told.at
FROM (
  SELECT v.slot, v.id, n.at FROM lines_validity v
  JOIN unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(ats)s::timestamptz[]) AS n(slot, id, at)
    ON n.slot = v.slot AND n.id = v.id
  ORDER BY v.slot, v.id FOR NO KEY UPDATE OF v
) AS told
WHERE v.slot = told.slot AND v.id = told.id
"""


def correct_warnings(reached_at: Mapping[UUID, datetime | None]) -> None:
    """A notice came back: when the last one that did not reached each line's holder."""
    if reached_at:
        ids = list(reached_at)
        slots = [slot_of(each) for each in ids]  # one a line: they are unnested side by side
        params = {"slots": slots, "ids": ids, "ats": list(reached_at.values())}
        execute(CORRECTED, params)
