"""Reads of received messages: opened for members of their account, counted for everybody else."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import structlog

from keepline.core.ids import slot_of, slot_of_text
from keepline.messages.inbox_models import ReceivedMessage
from keepline.messages.sealing import row_name, sealer
from keepline.slots.sealing import SealBroken, Sealer
from keepline.slots.sql import fetch_all, fetch_one

log = structlog.get_logger(__name__)
LAST = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Opened:
    """A message as its holder reads it. Sender and text are in no repr.

    `lost`: no key that is set opens it; sender and text are "".
    """

    id: UUID
    line_id: UUID
    e164: int
    received_at: datetime
    sent_at: datetime | None
    erase_at: datetime
    sender: str = field(repr=False)
    text: str = field(repr=False)
    lost: bool = False


PAGE = """
SELECT id, line_id, e164, received_at, sent_at, erase_at, key_id, sealed FROM messages_received
WHERE slot = %(slot)s AND account_id = %(account)s AND id < %(before)s AND erase_at > %(now)s
  {of_line}
ORDER BY id DESC LIMIT %(limit)s
"""


def messages_of(
    account_id: UUID,
    line_id: UUID | None,
    now: datetime,
    limit: int,
    before: UUID | None = None,
) -> list[Opened]:
    """The account's messages (of one line), newest first, older than `before`.

    What should be erased by `now` is not shown, whether or not somebody came to do it.
    """
    params = {
        "slot": slot_of(account_id),
        "account": account_id,
        "line": line_id,
        "before": before or LAST,
        "now": now,
        "limit": limit,
    }
    of_line = "AND line_id = %(line)s" if line_id else ""
    sealing = sealer()
    return [_opened(row, sealing) for row in fetch_all(PAGE.format(of_line=of_line), params)]


def all_messages_of(
    account_id: UUID, line_id: UUID | None, now: datetime, batch: int
) -> Iterator[Opened]:
    """All of them, newest first, `batch` in memory at a time."""
    before: UUID | None = None
    while page := messages_of(account_id, line_id, now, batch, before):
        yield from page
        before = page[-1].id


ONE = """
SELECT id, line_id, e164, received_at, sent_at, erase_at, key_id, sealed FROM messages_received
WHERE slot = %s AND account_id = %s AND id = %s AND erase_at > %s
"""


def message_of(account_id: UUID, message_id: UUID, now: datetime) -> Opened | None:
    """One message of the account; None for any other."""
    row = fetch_one(ONE, (slot_of(account_id), account_id, message_id, now))
    return _opened(row, sealer()) if row else None


def _opened(row: ReceivedMessage, sealing: Sealer) -> Opened:
    lost = False
    try:
        said = sealing.open(row_name(row.line_id, row.id), row.sealed)
    except SealBroken:  # one that cannot be opened keeps nobody from the others
        log.error("message_not_opened", message=str(row.id), key=row.key_id)
        said, lost = {"sender": "", "text": ""}, True
    return Opened(
        id=row.id,
        line_id=row.line_id,
        e164=row.e164,
        received_at=row.received_at,
        sent_at=row.sent_at,
        erase_at=row.erase_at,
        sender=said["sender"],
        text=said["text"],
        lost=lost,
    )


class CodeTraffic(NamedTuple):
    """A line that received codes since an instant: of how many senders, how many, the last when."""

    account_id: UUID
    line_id: UUID
    senders: int
    codes: int
    last_at: datetime


TRAFFIC = """
SELECT account_id, line_id, count(DISTINCT sender_mark) AS senders, count(*) AS codes,
       max(received_at) AS last_at
FROM messages_received WHERE has_code AND received_at > %(since)s
GROUP BY slot, account_id, line_id
HAVING count(DISTINCT sender_mark) >= %(senders)s
ORDER BY senders DESC, last_at DESC, line_id LIMIT %(limit)s
"""


def code_traffic(since: datetime, senders: int, limit: int) -> list[CodeTraffic]:
    """Lines with codes of so many senders or more since then, the most first. For staff."""
    params = {"since": since, "senders": senders, "limit": limit}
    return [CodeTraffic(*row) for row in fetch_all(TRAFFIC, params)]


UNCLAIMED = """
SELECT coalesce(sum(messages), 0)::int AS messages, max(day) AS last_on FROM messages_unclaimedday
WHERE slot = %s AND e164 = %s AND day >= %s
"""


def unclaimed_since(e164: int, day: date) -> tuple[int, date | None]:
    """How many messages came to a number since a day that were nobody's, and the last day on which
    one did. For staff."""
    row = fetch_one(UNCLAIMED, (slot_of_text(str(e164)), e164, day))
    return (row.messages, row.last_on) if row else (0, None)


LAST_UNCLAIMED = """
SELECT u.e164, max(u.day) AS last_on
FROM unnest(%(slots)s::smallint[], %(e164s)s::bigint[]) AS d(slot, e164)
JOIN messages_unclaimedday u ON u.slot = d.slot AND u.e164 = d.e164
GROUP BY u.e164
"""


def last_unclaimed_among(e164s: Collection[int]) -> dict[int, date]:
    """The last day (UTC) on which a message came that was nobody's, by number, of those to which
    one did. What the quiet test asks before numbers are sold again. No query for none."""
    if not e164s:
        return {}
    params = {"slots": [slot_of_text(str(e164)) for e164 in e164s], "e164s": list(e164s)}
    return {row.e164: row.last_on for row in fetch_all(LAST_UNCLAIMED, params)}
