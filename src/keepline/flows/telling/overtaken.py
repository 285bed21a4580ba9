"""What is not true any more when it is to be sent: a line renewed a second ago gets no reminder."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from keepline.core.lifecycle.line import LineState
from keepline.lines.queries import LineRow
from keepline.messages.models import Outbox

_LIVES = frozenset(LineState) - {LineState.TERMINATED}
# Only while the line stands so does it make sense to tell of it.
TRUE_WHILE: Mapping[str, frozenset[LineState]] = {
    "line.expiry_near": _LIVES - {LineState.GRACE, LineState.SUSPENDED},
    "line.expired": _LIVES - {LineState.ACTIVE, LineState.PAUSED},
    "line.suspended": _LIVES - {LineState.ACTIVE, LineState.PAUSED, LineState.GRACE},
    "line.withdrawal_near": _LIVES - {LineState.ACTIVE, LineState.PAUSED},
    "line.renewal_failed": _LIVES,
    "line.charge_failed": _LIVES,
    "line.approval_needed": _LIVES,
    "line.consent_needed": _LIVES,
}


def may_be_overtaken(event: Outbox) -> bool:
    """Whether a renewal, or the line's next state, makes it untrue."""
    return event.kind in TRUE_WHILE and event.line_id is not None


def is_overtaken(event: Outbox, line: LineRow, renewed_at: Mapping[UUID, datetime]) -> bool:
    """`renewed_at`: when lines were last renewed, of those that were since the event."""
    if not may_be_overtaken(event):
        return False
    since = renewed_at.get(line.id)
    if since is not None and since >= event.occurred_at:
        return True
    return line.state not in TRUE_WHILE[event.kind]
