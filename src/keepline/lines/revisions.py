"""When something about lines last changed, as far as their own history tells."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from keepline.core.ids import slot_of
from keepline.slots.sql import fetch_all

LAST_CHANGES = """
SELECT line_id, max(at) AS at FROM (
  SELECT line_id, granted_at AS at FROM lines_extension
  WHERE slot = %(slot)s AND line_id = ANY(%(ids)s)
  UNION ALL
  SELECT line_id, reversed_at FROM lines_reversal
  WHERE slot = %(slot)s AND line_id = ANY(%(ids)s)
  UNION ALL
  SELECT line_id, occurred_at FROM lines_lineevent
  WHERE slot = %(slot)s AND line_id = ANY(%(ids)s)
) AS changes GROUP BY line_id
"""


def last_changes(account_id: UUID, line_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """By line id, of the account's lines; those that never changed are left out. One query."""
    rows = fetch_all(LAST_CHANGES, {"slot": slot_of(account_id), "ids": list(line_ids)})
    return {row.line_id: row.at for row in rows}
