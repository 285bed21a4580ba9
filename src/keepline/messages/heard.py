"""Parts and repeats of what the SMS network hands over. docs/gateways/smpp.md"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from keepline.messages.sealing import SealBroken, sealer
from keepline.slots.sql import execute, fetch_all

# The same once more within this time is the network's repeat of what it thinks we have not;
# later it is somebody who writes the same again.
REPEATED_WITHIN = timedelta(minutes=5)
PARTS_WAIT = timedelta(minutes=15)
KEPT = timedelta(hours=1)
SALT = "keepline.messages.heard"


@dataclass(frozen=True, slots=True)
class Piece:
    """A message, or a part of one. `id` and `whole` are made by `mark`; a message of one part has
    no `whole`, and nothing that it says is kept here."""

    id: str
    to: str
    sender: str = field(repr=False)
    text: str = field(repr=False)
    whole: str = ""
    number: int = 1
    total: int = 1
    reference: str = ""


def mark(*content: object) -> str:
    """A keyed digest: equal for equal content, and no use to whoever guesses at it."""
    return salted_hmac(SALT, repr(content), algorithm="sha256").hexdigest()


HEAR = """
INSERT INTO messages_heard AS h (id, whole, number, total, reference, sealed, heard_at)
SELECT id, whole, number, total, reference, sealed, %(now)s
FROM unnest(%(ids)s::text[], %(wholes)s::text[], %(numbers)s::smallint[], %(totals)s::smallint[],
            %(references)s::text[], %(sealed)s::text[])
  AS n(id, whole, number, total, reference, sealed)
ORDER BY id
ON CONFLICT (id) DO UPDATE SET
  reference = CASE WHEN h.heard_at < %(anew_before)s THEN excluded.reference ELSE h.reference END,
  sealed = CASE WHEN h.heard_at < %(anew_before)s THEN excluded.sealed ELSE h.sealed END,
  done_at = CASE WHEN h.heard_at < %(anew_before)s THEN NULL ELSE h.done_at END,
  heard_at = CASE WHEN h.heard_at < %(anew_before)s THEN excluded.heard_at ELSE h.heard_at END
RETURNING h.id, h.reference, h.done_at IS NOT NULL AS is_done
"""


def hear(pieces: Sequence[Piece], now: datetime) -> dict[str, str]:
    """Notes what came; by id the references of those that were not handed on yet. A repeat has the
    reference of the first. In the caller's transaction; each id once."""
    if not pieces:
        return {}
    cipher = sealer()
    params = {
        "ids": [one.id for one in pieces],
        "wholes": [one.whole for one in pieces],
        "numbers": [one.number for one in pieces],
        "totals": [one.total for one in pieces],
        "references": [f"{one.id[:40]}-{int(now.timestamp()):x}" for one in pieces],
        "sealed": [
            cipher.seal(one.id, {"to": one.to, "sender": one.sender, "text": one.text})
            if one.whole
            else ""
            for one in pieces
        ],
        "now": now,
        "anew_before": now - REPEATED_WITHIN,
    }
    return {row.id: row.reference for row in fetch_all(HEAR, params) if not row.is_done}


WAITING = """
SELECT id, whole, number, total, reference, sealed FROM messages_heard
WHERE whole = ANY(%s) AND done_at IS NULL AND whole <> ''
ORDER BY whole, number, heard_at
"""


def waiting(wholes: Collection[str]) -> list[Piece]:
    """The parts of these messages that wait, by message and number."""
    if not wholes:
        return []
    cipher = sealer()
    pieces = []
    for row in fetch_all(WAITING, (list(wholes),)):
        try:
            content = cipher.open(row.id, row.sealed)
        except SealBroken:  # its key was taken away within minutes: it is as good as lost
            content = {"to": "", "sender": "", "text": ""}
        numbers = {"number": row.number, "total": row.total}
        pieces.append(
            Piece(id=row.id, whole=row.whole, reference=row.reference, **content, **numbers)
        )
    return pieces


LATE = """
SELECT whole FROM messages_heard WHERE done_at IS NULL AND whole <> ''
GROUP BY whole HAVING min(heard_at) <= %s ORDER BY min(heard_at) LIMIT %s
"""


def late(now: datetime, limit: int) -> list[str]:
    """Messages whose first part has waited for PARTS_WAIT."""
    return [row.whole for row in fetch_all(LATE, (now - PARTS_WAIT, limit))]


DONE = """
UPDATE messages_heard SET done_at = %(now)s, sealed = ''
WHERE id IN (SELECT id FROM messages_heard WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE)
"""


def done(ids: Sequence[str], now: datetime) -> None:
    """They are handed on; what they said is erased here."""
    if ids:
        execute(DONE, {"ids": list(ids), "now": now})


def forget(now: datetime) -> int:
    """Forgets what is handed on and will not be repeated any more; how many."""
    statement = "DELETE FROM messages_heard WHERE done_at IS NOT NULL AND heard_at < %s"
    return execute(statement, (now - KEPT,))
