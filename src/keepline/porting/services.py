"""Writes of numbers on their way out. The caller holds the line's lock and the transaction."""

from datetime import datetime
from uuid import UUID

from keepline.core.ids import slot_of
from keepline.core.lifecycle.port_out import PORT_OUT, PortOutEvent, PortOutState
from keepline.lines.services import LockedLine
from keepline.porting import codes
from keepline.porting.models import PortOut
from keepline.slots.ids import new_id

UNDER_WAY = (PortOutState.OPEN, PortOutState.LEAVING)


class Moved(Exception):
    """Somebody else moved the row since it was read; nothing has changed."""


def open_way(
    line: LockedLine, ready_at: datetime, valid_until: datetime, actor: str, now: datetime
) -> PortOut:
    """A code for the line's number, good from `ready_at` until `valid_until`."""
    assert line.e164 is not None, f"line {line.id} has no number"
    row_id = new_id(slot_of(line.id))
    made: PortOut = PortOut.objects.create(
        slot=slot_of(line.id),
        id=row_id,
        account_id=line.account_id,
        line_id=line.id,
        e164=line.e164,
        sealed_code=codes.sealed(row_id, codes.made()),
        asked_at=now,
        ready_at=ready_at,
        valid_until=valid_until,
        actor=actor,
    )
    return made


def lock_under_way(line_id: UUID) -> PortOut | None:
    """The way out that is open or being gone, under lock; None when there is none."""
    rows = PortOut.objects.select_for_update(no_key=True)
    found: PortOut | None = rows.filter(
        slot=slot_of(line_id), line_id=line_id, state__in=UNDER_WAY
    ).first()
    return found


def transition(row: PortOut, event: PortOutEvent, now: datetime, **columns: object) -> None:
    """Moves a locked row by `event`. One that ends forgets its code and is looked at no more.

    Raises core's IllegalTransition, or Moved.
    """
    target = PORT_OUT.next(PortOutState(row.state), event)
    if target in PORT_OUT.finals:
        columns |= {"ended_at": now, "sealed_code": "", "next_look_at": None}
    if not row.transition(target, **columns):
        raise Moved(event)


def make_due(port_id: UUID, now: datetime) -> None:
    """The clearing house is asked of this porting at the next look; nothing for one unknown."""
    rows = PortOut.objects.filter(port_id=port_id, next_look_at__gt=now)
    rows.update(next_look_at=now)


def note(row: PortOut, **columns: object) -> None:
    """What is not its state."""
    PortOut.objects.filter(slot=row.slot, id=row.id).update(**columns)
    for name, value in columns.items():
        setattr(row, name, value)
