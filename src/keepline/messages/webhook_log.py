"""What was sent to an endpoint, or is on its way, and sending it once more."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from keepline.core.ids import slot_of
from keepline.messages.endpoints import Endpoint
from keepline.messages.models import Delivery
from keepline.slots.sql import execute


def newest(endpoint: Endpoint, before: UUID | None, limit: int) -> list[Delivery]:
    """The newest first, of those older than `before`. One query."""
    rows = Delivery.objects.filter(channel="webhook", recipient=endpoint.recipient)
    if endpoint.account_id is not None:  # the operator's lie in the slots of all accounts
        rows = rows.filter(slot=slot_of(endpoint.account_id))
    if before is not None:
        rows = rows.filter(id__lt=before)
    return list(rows.order_by("-id")[:limit])


# Due since they were addressed: whatever clock their account lives by, that is over. What was
# overtaken would be so again.
AGAIN = """
WITH old AS (
  SELECT d.slot, d.id FROM messages_delivery d
  WHERE d.channel = 'webhook' AND d.recipient = %(recipient)s AND d.due_at IS NULL
    AND d.slot BETWEEN %(first_slot)s AND %(last_slot)s
    AND d.outcome <> 'overtaken' AND (%(delivered)s OR d.outcome NOT IN ('sent', 'delivered'))
    AND d.addressed_at >= %(since)s AND d.addressed_at < %(until)s
    AND (%(only)s::uuid[] IS NULL OR d.id = ANY(%(only)s::uuid[]))
  ORDER BY d.id LIMIT %(limit)s FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE messages_delivery m
SET due_at = m.addressed_at, attempts = 0, outcome = '', reason = '', reference = '',
    sent_at = NULL, delivered_at = NULL
FROM old o WHERE m.slot = o.slot AND m.id = o.id
"""


def send_again(
    endpoint: Endpoint,
    since: datetime,
    until: datetime,
    limit: int,
    *,
    delivered: bool,
    only: Sequence[UUID] | None = None,
) -> int:
    """Puts events that are at rest on their way once more, the oldest first; how many.

    In the caller's transaction, one statement. `delivered`: also those that arrived.
    """
    slot = slot_of(endpoint.account_id) if endpoint.account_id else None
    params = {
        "recipient": endpoint.recipient,
        "first_slot": 0 if slot is None else slot,
        "last_slot": 255 if slot is None else slot,
        "since": since,
        "until": until,
        "limit": limit,
        "delivered": delivered,
        "only": list(only) if only is not None else None,
    }
    return execute(AGAIN, params)
