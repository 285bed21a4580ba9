"""Writes of numbers that buyers bring along. The caller holds the transaction."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from keepline.core.ids import derived_id, slot_of
from keepline.core.lifecycle.port_in import PORT_IN, PortInEvent, PortInState
from keepline.porting import codes
from keepline.porting.models import PortIn
from keepline.porting.services import Moved

CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z -]{2,39}")
LONGEST_HOLDER = 120


@dataclass(frozen=True, slots=True)
class Brought:
    """What a buyer says of a number that comes along: its code and its holder's name there."""

    e164: int
    code: str = field(repr=False)
    holder: str = field(repr=False)

    @property
    def is_well_formed(self) -> bool:
        """Whether clearing houses take such a code and such a name."""
        named = self.holder.isprintable() and len(self.holder) <= LONGEST_HOLDER
        return named and CODE.fullmatch(self.code) is not None


def open_way_in(
    order_id: UUID, account_id: UUID, line_id: UUID, brought: Brought, now: datetime
) -> PortIn:
    """The number is wanted for this order."""
    row_id = derived_id(order_id, "port")
    made: PortIn = PortIn.objects.create(
        slot=slot_of(order_id),
        id=row_id,
        account_id=account_id,
        line_id=line_id,
        order_id=order_id,
        e164=brought.e164,
        sealed=codes.sealed_request(row_id, brought.code, brought.holder),
        wanted_at=now,
    )
    return made


def lock_way_in(order_id: UUID) -> PortIn:
    """The number's way in, under lock. Raises PortIn.DoesNotExist."""
    rows = PortIn.objects.select_for_update(no_key=True)
    found: PortIn = rows.of_order(order_id).get()
    return found


def note(row: PortIn, **columns: object) -> None:
    """What is not its state, of a locked way in."""
    PortIn.objects.filter(slot=row.slot, id=row.id).update(**columns)
    for name, value in columns.items():
        setattr(row, name, value)


def transition(row: PortIn, event: PortInEvent, now: datetime, **columns: object) -> None:
    """Moves a locked way in by `event`. One that ends, or goes back, forgets the code.

    Raises core's IllegalTransition, or Moved.
    """
    target = PORT_IN.next(PortInState(row.state), event)
    if target in PORT_IN.finals:
        columns |= {"ended_at": now, "sealed": ""}
    elif target == PortInState.RETURNING:
        columns |= {"return_asked_at": now, "sealed": ""}
    if not row.transition(target, **columns):
        raise Moved(event)
