"""Receipts of channels may come before what was sent is noted: each waits for its message."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from keepline.messages import receipts
from keepline.slots.sql import execute, fetch_all

WAIT = timedelta(days=3)  # longer than networks try


class NewReceipt(NamedTuple):
    """`told` is delivered or refused; `code` is the network's own word."""

    reference: str
    told: str
    code: str


KEEP = """
INSERT INTO messages_earlyreceipt AS e (id, channel, reference, told, code, told_at)
SELECT %(channel)s || ':' || reference, %(channel)s, reference, told, code, %(now)s
FROM unnest(%(references)s::text[], %(told)s::text[], %(codes)s::text[])
  AS r(reference, told, code)
ORDER BY reference
ON CONFLICT (id) DO UPDATE SET told = excluded.told, code = excluded.code,
  told_at = excluded.told_at
"""


def keep(channel: str, told: Sequence[NewReceipt], now: datetime) -> None:
    """Keeps them until `match` finds what they are of; the last word of each counts."""
    last = {each.reference: each for each in told}
    if last:
        references, words, codes = zip(*last.values(), strict=True)
        params = {"references": list(references), "told": list(words), "codes": list(codes)}
        execute(KEEP, {"channel": channel, "now": now, **params})


# Of a letter that was sent twice two receipts may come: the later one counts.
MATCH = """
DELETE FROM messages_earlyreceipt WHERE id IN (
  SELECT e.id FROM messages_earlyreceipt e
  JOIN messages_reference r ON r.channel = e.channel AND r.reference = e.reference
  WHERE e.channel = %(channel)s AND {which}
  ORDER BY e.id LIMIT %(limit)s FOR UPDATE OF e SKIP LOCKED
)
RETURNING told, code, told_at, (
  SELECT r.delivery_id FROM messages_reference r
  WHERE r.channel = messages_earlyreceipt.channel AND r.reference = messages_earlyreceipt.reference
) AS delivery_id
"""
JUST_CAME = "e.id = ANY(%(ids)s)"
CAME_LATELY = "e.told_at > %(since)s"


def match(channel: str, references: Sequence[str]) -> int:
    """Notes these at what they are of, where that is known; how many. In the caller's
    transaction."""
    ids = [f"{channel}:{reference}" for reference in references]
    return _match(JUST_CAME, {"channel": channel, "ids": ids, "limit": len(ids)})


def match_since(channel: str, since: datetime, limit: int) -> int:
    """The same of what waits since then."""
    return _match(CAME_LATELY, {"channel": channel, "since": since, "limit": limit})


def _match(which: str, params: Mapping[str, Any]) -> int:
    found = fetch_all(MATCH.format(which=which), params)
    last = {row.delivery_id: row for row in sorted(found, key=lambda row: row.told_at)}
    receipts.note_all([(row.delivery_id, row.told, row.code, row.told_at) for row in last.values()])
    return len(found)


def forget(now: datetime) -> int:
    """Forgets those whose message nobody knows; how many."""
    return execute("DELETE FROM messages_earlyreceipt WHERE told_at < %s", (now - WAIT,))
