"""Receipts of channels may come before what was sent is noted: each waits for its message."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from keepline.slots.sql import execute

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


def keep(channel: str, receipts: Sequence[NewReceipt], now: datetime) -> None:
    """Keeps them until `match` finds what they are of; the last word of each counts."""
    last = {each.reference: each for each in receipts}
    if last:
        references, told, codes = zip(*last.values(), strict=True)
        params = {"references": list(references), "told": list(told), "codes": list(codes)}
        execute(KEEP, {"channel": channel, "now": now, **params})


def forget(now: datetime) -> int:
    """Forgets those whose message nobody knows; how many."""
    return execute("DELETE FROM messages_earlyreceipt WHERE told_at < %s", (now - WAIT,))
