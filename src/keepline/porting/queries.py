"""Reads of numbers on their way out, and in."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from keepline.core.ids import slot_of
from keepline.core.lifecycle.port_in import PORT_IN
from keepline.porting.models import PortIn, PortOut


def last_of_line(line_id: UUID, account_id: UUID) -> PortOut | None:
    """The last time that this number was to leave; None for another account's line. One query."""
    rows = PortOut.objects.filter(slot=slot_of(line_id), line_id=line_id, account_id=account_id)
    found: PortOut | None = rows.order_by("-id").first()
    return found


def last_among(line_ids: Collection[UUID]) -> dict[UUID, PortOut]:
    """The same for many lines, by line. One query, or none without lines."""
    rows = PortOut.objects.among(line_ids, "line_id").order_by("id")
    return {row.line_id: row for row in rows}


def way_in(order_id: UUID) -> PortIn | None:
    """The number that the order's buyer brings along. One query."""
    found: PortIn | None = PortIn.objects.of_order(order_id).first()
    return found


def stranded(limit: int) -> Sequence[PortIn]:
    """Numbers that have come without their lines and are still here, the longest first. One
    query."""
    here = ["wanted", "scheduled", "returning"]
    rows = PortIn.objects.filter(stranded_at__isnull=False, state__in=here)
    return list(rows.order_by("stranded_at", "id")[:limit])


def under_way_in(port_id: UUID) -> PortIn | None:
    """The number that is being brought by this porting; None for one that ended, or is none of
    ours. One query."""
    found: PortIn | None = PortIn.objects.find(port_id)
    return found if found is not None and found.state not in PORT_IN.finals else None


def due(now: datetime, limit: int) -> Sequence[PortOut]:
    """Those of which the clearing house is to be asked, the longest due first. `now`: real time."""
    rows = PortOut.objects.filter(next_look_at__lte=now).order_by("next_look_at", "id")
    return list(rows[:limit])
