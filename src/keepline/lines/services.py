"""Writes of lines: the one way into a state, and the one way to a longer life."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from keepline.core.allowances import Allowance
from keepline.core.ids import derived_id, slot_of
from keepline.core.lifecycle.line import LINE, LineEvent, LineState
from keepline.core.terms import Period
from keepline.lines.models import LineEvent as LineEventRow
from keepline.slots.ids import new_id
from keepline.slots.sql import ask, execute, fetch_one, write


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
    auto_renew: bool


STATE = [field.name for field in fields(LockedLine)].index("state")
LOCK_LINE = """
SELECT v.id, v.account_id, v.wallet_id, l.kind, l.e164, l.iccid, l.carrier_id, l.time_zone,
       v.state, v.plan_id, v.policy_id, v.valid_until, v.anchor_at, v.anchor_count, v.auto_renew
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


def _line(statement: str, line_id: UUID, account_id: UUID) -> Callable[[], LockedLine]:
    answer = ask(statement, (slot_of(account_id), line_id, account_id))

    def line() -> LockedLine:
        row = answer.one()
        if row is None:
            raise LineNotFound(line_id)
        values = list(row)
        values[STATE] = LineState(row.state)
        return LockedLine(*values)

    return line


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
      anchor_at, anchor_count, granted_at, data_bytes, voice_seconds, sms_count)
  VALUES (%(slot)s, %(id)s, %(line)s, %(order)s, %(plan)s, %(start)s, %(end)s,
      %(anchor_at)s, %(anchor_count)s, %(now)s, %(data)s, %(voice)s, %(sms)s)
)
UPDATE lines_validity
SET valid_until = %(end)s, anchor_at = %(anchor_at)s, anchor_count = %(anchor_count)s,
    plan_id = %(plan)s, state = %(target)s, next_action_at = %(end)s
WHERE slot = %(slot)s AND id = %(line)s AND state = %(source)s
"""


def extend(line: LockedLine, grant: Grant, actor: str, now: datetime) -> LineState:
    """Extends a locked line by one period; returns its new state.

    Raises core's IllegalTransition when a line in its state cannot be renewed, and
    django.db.IntegrityError when the period was already given.
    """
    slot, target = slot_of(line.id), LINE.next(line.state, LineEvent.RENEW)
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
        },
        touches=1,
        otherwise=StateMoved(line.id),
    )
    if target != line.state:
        _record(line, LineEvent.RENEW, target, actor, "renewed", grant.order_id, now)
    return LineState(target)


def transition(
    line: LockedLine, event: LineEvent, actor: str, cause: str, now: datetime
) -> LineState:
    """Moves a locked line by `event` (compare and set) and appends its history."""
    target = LINE.next(line.state, event)
    touched = execute(
        "UPDATE lines_validity SET state = %s WHERE slot = %s AND id = %s AND state = %s",
        (target.value, slot_of(line.id), line.id, line.state.value),
    )
    if touched != 1:
        raise StateMoved(line.id)
    _record(line, event, target, actor, cause, None, now)
    return LineState(target)


def _record(
    line: LockedLine,
    event: LineEvent,
    target: str,
    actor: str,
    cause: str,
    order_id: UUID | None,
    now: datetime,
) -> None:
    LineEventRow(
        slot=slot_of(line.id),
        id=new_id(slot_of(line.id)),
        line_id=line.id,
        event=event.value,
        source=line.state.value,
        target=str(target),
        actor=actor,
        cause=cause,
        order_id=order_id,
        occurred_at=now,
    ).save(force_insert=True)


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


def set_auto_renew(line: LockedLine, enabled: bool) -> None:
    """Switches auto-renew of a locked line."""
    execute(
        "UPDATE lines_validity SET auto_renew = %s WHERE slot = %s AND id = %s",
        (enabled, slot_of(line.id), line.id),
    )
