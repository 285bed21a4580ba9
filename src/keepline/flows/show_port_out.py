"""Reads how a line's number may leave, or how far it has come on its way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from keepline.core.lifecycle.port_out import PortOutState
from keepline.flows.authorise_port import PortOutPreview, preview
from keepline.porting import queries as portings
from keepline.porting.models import PortOut


@dataclass(frozen=True, slots=True)
class PortOutView:
    """none: nothing is on its way, `preview` says what asking would come to; waits: the code is
    shown from `ready_at` on; ready: it may be seen, and is good until `valid_until`; leaving: the
    number goes to `recipient` at `cut_over_at`, unless `stay_asked`; gone: it went.
    """

    state: Literal["none", "waits", "ready", "leaving", "gone"]
    preview: PortOutPreview
    ready_at: datetime | None = None
    valid_until: datetime | None = None
    recipient: str = ""
    cut_over_at: datetime | None = None
    stay_asked: bool = False


def show_port_out(account_id: UUID, line_id: UUID, now: datetime) -> PortOutView:
    """Raises FlowRefused("not_found")."""
    would = preview(account_id, line_id, now)
    row = portings.last_of_line(line_id, account_id)
    state = _state(row, now)
    if row is None or state == "none":
        return PortOutView("none", would)
    return PortOutView(
        state,
        would,
        ready_at=row.ready_at,
        valid_until=row.valid_until,
        recipient=row.recipient,
        cut_over_at=row.cut_over_at,
        stay_asked=row.stay_asked_at is not None,
    )


def _state(
    row: PortOut | None, now: datetime
) -> Literal["none", "waits", "ready", "leaving", "gone"]:
    if row is None:
        return "none"
    if row.state == PortOutState.LEAVING:
        return "leaving"
    if row.state == PortOutState.PORTED:
        return "gone"
    if row.state != PortOutState.OPEN or row.valid_until <= now:
        return "none"
    return "waits" if now < row.ready_at else "ready"
