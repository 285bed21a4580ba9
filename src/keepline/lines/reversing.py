"""Takes back what an order gave of a line's life (docs/refunds.md).

Extensions are never changed. A reversal stands beside one and says since when it gives nothing;
where a line's life ends is the fold of both.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from keepline.core.ids import derived_id, slot_of
from keepline.lines import clock
from keepline.lines.models import Extension, Reversal
from keepline.lines.services import LockedLine
from keepline.slots.sql import execute, fetch_all


class LaterTerm(Exception):
    """Another order has extended the line since: its term must go back first."""

    def __init__(self, order_id: UUID) -> None:
        super().__init__(str(order_id))
        self.order_id = order_id


@dataclass(frozen=True, slots=True)
class Piece:
    """One extension as it stands: `ends_at` is where its reversal ended it, if it has one."""

    order_id: UUID
    plan_id: int
    starts_at: datetime
    ends_at: datetime
    anchor_at: datetime
    anchor_count: int


# A line lives until the last piece of which anything is left; invariant 10 says the same.
LAST_PIECES = """
SELECT order_id, plan_id, period_start, ends_at, anchor_at, anchor_count
FROM (
  SELECT e.*, coalesce(r.ended_at, e.period_end) AS ends_at
  FROM lines_extension e LEFT JOIN lines_reversal r ON r.slot = e.slot AND r.id = e.id
  WHERE e.slot = %s AND e.line_id = %s
) AS piece
WHERE ends_at > period_start
ORDER BY ends_at DESC LIMIT 2
"""


def last_pieces(line_id: UUID) -> list[Piece]:
    """The last two pieces of the line's life of which anything is left, the last first."""
    return [Piece(*row) for row in fetch_all(LAST_PIECES, (slot_of(line_id), line_id))]


def term_of(order_id: UUID) -> tuple[datetime, datetime] | None:
    """The period that an order gave and that still stands; None when it was taken back."""
    slot, row_id = slot_of(order_id), derived_id(order_id, "extension")
    row = Extension.objects.filter(slot=slot, id=row_id).first()
    if row is None or Reversal.objects.filter(slot=slot, id=row_id).exists():
        return None
    return row.period_start, row.period_end


def was_taken_back(order_id: UUID) -> bool:
    """Whether what the order gave was taken back."""
    row_id = derived_id(order_id, "extension")
    return bool(Reversal.objects.filter(slot=slot_of(order_id), id=row_id).exists())


TAKE_BACK = """
UPDATE lines_validity
SET valid_until = %(valid_until)s, anchor_at = %(anchor_at)s, anchor_count = %(anchor_count)s,
    plan_id = %(plan)s, auto_renew = false, next_step = %(step)s, next_action_at = %(at)s
WHERE slot = %(slot)s AND id = %(line)s
"""


def without(order_id: UUID, line_id: UUID, ended_at: datetime) -> tuple[Piece, datetime]:
    """The piece from which the line counts when the order's ends at `ended_at`, and its expiry.

    What ends before it began leaves the line as though it had never been extended. Raises
    LaterTerm when another order's term comes after it.
    """
    last, *before = last_pieces(line_id)
    if last.order_id != order_id:
        raise LaterTerm(last.order_id)
    if before and ended_at == last.starts_at:
        return before[0], before[0].ends_at
    return last, ended_at


def take_back(
    line: LockedLine, order_id: UUID, cause_id: UUID, ended_at: datetime, actor: str, now: datetime
) -> None:
    """From `ended_at` on the order's extension gives nothing more to a locked line.

    It stops renewing by itself: nobody who was given money back wants to pay again tomorrow.
    Raises LaterTerm.
    """
    stands, valid_until = without(order_id, line.id, ended_at)
    Reversal.objects.create(
        slot=slot_of(line.id),
        id=derived_id(order_id, "extension"),
        line_id=line.id,
        order_id=order_id,
        cause_id=cause_id,
        ended_at=ended_at,
        actor=actor,
        reversed_at=now,
    )
    shortened = replace(line, valid_until=valid_until, auto_renew=False)
    due = clock.first_of(shortened, line.state, clock.start_of(shortened), now)
    params = {
        "slot": slot_of(line.id),
        "line": line.id,
        "valid_until": valid_until,
        "anchor_at": stands.anchor_at,
        "anchor_count": stands.anchor_count,
        "plan": stands.plan_id,
        "step": due and int(due.step),
        "at": due and due.at,
    }
    execute(TAKE_BACK, params)
