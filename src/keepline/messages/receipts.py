"""What channels tell later of what they took: found again by the channel's own id."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from keepline.core.ids import slot_of
from keepline.slots.sql import execute, fetch_one

Told = Literal["delivered", "refused"]

REMEMBER = """
INSERT INTO messages_reference (channel, reference, delivery_id, sent_at)
SELECT %(channel)s, reference, delivery_id, %(now)s
FROM unnest(%(references)s::text[], %(deliveries)s::uuid[]) AS r(reference, delivery_id)
ON CONFLICT (channel, reference) DO NOTHING
"""


def remember(channel: str, sent: Sequence[tuple[str, UUID]], now: datetime) -> None:
    """(the channel's id, the delivery) each, so that `note_receipt` finds them."""
    if sent:
        references, deliveries = zip(*sent, strict=True)
        params = {"references": list(references), "deliveries": list(deliveries)}
        execute(REMEMBER, {"channel": channel, "now": now, **params})


# A letter that goes to several events at once has one reference: all of it is meant.
NOTE = """
UPDATE messages_delivery m
SET outcome = %(outcome)s, reason = %(reason)s,
    delivered_at = CASE WHEN %(outcome)s = 'delivered' THEN %(at)s ELSE m.delivered_at END
WHERE m.slot = %(slot)s AND m.outcome IN ('sent', 'delivered')
  AND (m.id = %(id)s OR (m.account_id = %(account)s AND m.letter_id = %(id)s))
"""


def note_receipt(
    channel: str, reference: str, told: Told, at: datetime, reason: str = ""
) -> UUID | None:
    """What the channel told of one of its ids; the delivery, None for an id that is none of ours.

    The last word counts: some networks say delivered, and then that it was not.
    """
    row = fetch_one(
        "SELECT delivery_id FROM messages_reference WHERE channel = %s AND reference = %s",
        (channel, reference),
    )
    if row is None:
        return None
    note(row.delivery_id, told, at, reason)
    delivery_id: UUID = row.delivery_id
    return delivery_id


def note(delivery_id: UUID, told: Told, at: datetime, reason: str = "") -> bool:
    """The same for a delivery that is known by its id: the letter's first. Whether it was sent."""
    slot = slot_of(delivery_id)
    owner = fetch_one(
        "SELECT account_id FROM messages_delivery WHERE slot = %s AND id = %s", (slot, delivery_id)
    )
    if owner is None:
        return False
    params = {
        "slot": slot,
        "id": delivery_id,
        "account": owner.account_id,
        "outcome": told,
        "reason": reason[:200],
        "at": at,
    }
    return execute(NOTE, params) > 0


def forget(before: datetime) -> int:
    """Forgets the ids of what was sent before; nobody tells of it any more. How many."""
    return execute("DELETE FROM messages_reference WHERE sent_at < %s", (before,))
