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
    """(the channel's id, the delivery) each, so that `note_receipt` finds them.

    Channels that give no ids give empty ones.
    """
    named = [(reference, delivery) for reference, delivery in sent if reference]
    if named:
        references, deliveries = zip(*named, strict=True)
        params = {"references": list(references), "deliveries": list(deliveries)}
        execute(REMEMBER, {"channel": channel, "now": now, **params})


# A letter that goes to several events at once has one reference: all of it is meant.
NOTE = """
UPDATE messages_delivery m
SET outcome = %(outcome)s::text, reason = %(reason)s,
    delivered_at = CASE WHEN %(outcome)s::text = 'delivered' THEN %(at)s ELSE m.delivered_at END
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


NOTE_ALL = """
UPDATE messages_delivery m
SET outcome = t.told, reason = t.code,
    delivered_at = CASE WHEN t.told = 'delivered' THEN t.told_at ELSE m.delivered_at END
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(told)s::text[], %(codes)s::text[],
            %(told_at)s::timestamptz[]) AS t(slot, id, told, code, told_at)
JOIN messages_delivery h ON h.slot = t.slot AND h.id = t.id
WHERE m.slot = t.slot AND m.account_id = h.account_id AND m.letter_id = t.id
  AND m.outcome IN ('sent', 'delivered')
"""


def note_all(told: Sequence[tuple[UUID, Told, str, datetime]]) -> None:
    """(a letter's first delivery, told, reason, at) each, every delivery once; one statement."""
    if not told:
        return
    ids, words, codes, told_at = zip(*told, strict=True)
    params = {
        "slots": [slot_of(delivery_id) for delivery_id in ids],
        "ids": list(ids),
        "told": list(words),
        "codes": [
            "" if word == "delivered" else code[:200]
            for word, code in zip(words, codes, strict=True)
        ],
        "told_at": list(told_at),
    }
    execute(NOTE_ALL, params)


def forget(before: datetime) -> int:
    """Forgets the ids of what was sent before; nobody tells of it any more. How many."""
    return execute("DELETE FROM messages_reference WHERE sent_at < %s", (before,))
