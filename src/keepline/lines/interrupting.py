"""What interrupts a line's life (a block, a number on its way out), and how it goes on."""

from datetime import datetime, timedelta

from keepline.core.ids import slot_of
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.lines import services
from keepline.lines.services import LockedLine
from keepline.slots.sql import fetch_one

WAYS_BACK = {
    LineState.GRACE: LineEvent.BACK_TO_GRACE,
    LineState.SUSPENDED: LineEvent.BACK_TO_SUSPENSION,
}
LEFT = """
SELECT source, occurred_at FROM lines_lineevent
WHERE slot = %s AND line_id = %s AND target = %s ORDER BY occurred_at DESC, id DESC LIMIT 1
"""


def come_back(
    line: LockedLine, event: LineEvent, actor: str, cause: str, now: datetime
) -> LineState:
    """Ends what interrupted the life of a locked line: by `event`, as `transition`, if it was
    active; else back to the grace or suspension that it was in, whose days stood still.

    Or whoever blocks a line and unblocks it would get a new grace each time, for nothing.
    """
    left = fetch_one(LEFT, (slot_of(line.id), line.id, line.state.value))
    back = WAYS_BACK.get(LineState(left.source)) if left is not None else None
    if left is None or back is None:
        return services.transition(line, event, actor, cause, now)
    stood_still = max(timedelta(), now - left.occurred_at)
    since_at = (line.since_at or left.occurred_at) + stood_still
    return services.enter(line, back, since_at, actor, cause, now)
