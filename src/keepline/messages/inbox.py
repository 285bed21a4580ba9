"""Writes of received messages: seen, kept, counted, erased, sealed anew."""

import hmac
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings

from keepline.accounts import clocks
from keepline.core.ids import slot_of, slot_of_text
from keepline.messages.inbox_models import InboxChoice, ReceivedMessage
from keepline.messages.sealing import SealBroken, row_name, sealer, sender_mark
from keepline.slots.ids import new_id
from keepline.slots.resealing import Some
from keepline.slots.sealing import derived
from keepline.slots.sql import execute, fetch_all, fetch_one

NEWS = "keepline_inbox"  # the channel of LISTEN; nothing that is said there tells of a message
ARRIVALS = b"keepline: arrivals of messages"

# `former`: what it would be called under secret keys of before, while those are known.
ARRIVE = """
INSERT INTO messages_arrival (slot, id, mark, arrived_at)
SELECT %(slot)s, %(id)s, %(mark)s, %(now)s
WHERE NOT EXISTS (SELECT FROM messages_arrival
                  WHERE slot = %(slot)s AND mark = ANY(%(former)s::text[]))
ON CONFLICT (slot, mark) DO NOTHING
"""


def note_arrival(e164: int, reference: str, now: datetime) -> bool:
    """Whether this is the first time that the number's message of this reference is seen."""
    slot = slot_of_text(str(e164))
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    keys = [derived(ARRIVALS, str(secret)) for secret in secrets]
    named = f"{e164}:{reference}".encode()
    mark, *former = [hmac.new(key, named, sha256).hexdigest() for key in keys]
    params = {"slot": slot, "id": new_id(slot), "mark": mark, "former": former, "now": now}
    return execute(ARRIVE, params) == 1


COUNT = """
INSERT INTO messages_unclaimedday AS d (slot, id, e164, day, messages) VALUES (%s, %s, %s, %s, 1)
ON CONFLICT (slot, e164, day) DO UPDATE SET messages = d.messages + 1
"""


def count_unclaimed(e164: int, day: date) -> None:
    """One more that is nobody's; what it said is not kept."""
    slot = slot_of_text(str(e164))
    execute(COUNT, (slot, new_id(slot), e164, day))


@dataclass(frozen=True, slots=True)
class ToKeep:
    """A message of a holder. Sender and text are in no repr."""

    account_id: UUID
    line_id: UUID
    period_id: UUID
    e164: int
    received_at: datetime
    sent_at: datetime | None
    erase_at: datetime
    has_code: bool
    sender: str = field(repr=False)
    text: str = field(repr=False)


def keep(message: ToKeep) -> UUID:
    """Seals and stores a message, and says to who listens that its line has news; its id."""
    slot = slot_of(message.account_id)
    message_id, sealing = new_id(slot), sealer()
    ReceivedMessage.objects.create(
        slot=slot,
        id=message_id,
        account_id=message.account_id,
        line_id=message.line_id,
        e164=message.e164,
        period_id=message.period_id,
        received_at=message.received_at,
        sent_at=message.sent_at,
        erase_at=message.erase_at,
        has_code=message.has_code,
        sender_mark=sender_mark(message.line_id, message.sender),
        key_id=sealing.key_id,
        sealed=sealing.seal(
            row_name(message.line_id, message_id),
            {"sender": message.sender, "text": message.text},
        ),
    )
    # Heard when, and only when, the transaction commits.
    fetch_one("SELECT pg_notify(%s, %s)", (NEWS, f"{message.account_id} {message.line_id}"))
    return message_id


def keep_days_of(line_id: UUID) -> int | None:
    """What the line's holder chose; None when nothing."""
    found = InboxChoice.objects.filter(slot=slot_of(line_id), id=line_id)
    days: int | None = found.values_list("keep_days", flat=True).first()
    return days


CHOOSE = """
INSERT INTO messages_inboxchoice AS c (slot, id, account_id, keep_days) VALUES (%s, %s, %s, %s)
ON CONFLICT (slot, id) DO UPDATE SET keep_days = excluded.keep_days
"""
APPLY = """
UPDATE messages_received SET erase_at = received_at + %(kept)s::interval
WHERE slot = %(slot)s AND account_id = %(account)s AND line_id = %(line)s
"""


def choose_days(account_id: UUID, line_id: UUID, keep_days: int) -> int:
    """How long the line's messages are kept from now on, those that are there too; how many."""
    slot = slot_of(line_id)
    execute(CHOOSE, (slot, line_id, account_id, keep_days))
    kept = timedelta(days=keep_days)
    params = {"kept": kept, "slot": slot, "account": account_id, "line": line_id}
    return execute(APPLY, params)


def erase(account_id: UUID, message_id: UUID) -> bool:
    """Erases one message of the account; False when it has none of that id."""
    slot = slot_of(account_id)
    rows = ReceivedMessage.objects.filter(slot=slot, id=message_id, account_id=account_id)
    return bool(rows.delete()[0])


def erase_all(account_id: UUID) -> int:
    """Erases all messages of the account; how many."""
    rows = ReceivedMessage.objects.filter(slot=slot_of(account_id), account_id=account_id)
    return rows.delete()[0]


ERASE_DUE = """
WITH due AS (
  SELECT m.slot, m.id FROM messages_received m
  WHERE m.erase_at <= %(now)s AND {of_the_clock}
  ORDER BY m.erase_at LIMIT %(limit)s FOR UPDATE OF m SKIP LOCKED
)
DELETE FROM messages_received r USING due WHERE r.slot = due.slot AND r.id = due.id
"""


def erase_due(now: datetime, limit: int, clock_id: int) -> int:
    """Erases messages whose time is over, of accounts that live by the clock; how many."""
    statement = ERASE_DUE.format(of_the_clock=clocks.rows_of("m", clock_id))
    return execute(statement, {"now": now, "limit": limit, "clock": clock_id})


def forget_arrivals(before: datetime) -> int:
    """Erases what is known of arrivals before an instant; how many. No network repeats so late."""
    return execute("DELETE FROM messages_arrival WHERE arrived_at < %s", (before,))


OTHERWISE_SEALED = """
SELECT slot, id, sealed FROM messages_received
WHERE key_id <> %(key)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
FOR NO KEY UPDATE SKIP LOCKED
"""
RESEAL = """
UPDATE messages_received m SET sealed = d.sealed, key_id = %(key)s
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(sealed)s::text[]) AS d(slot, id, sealed)
WHERE m.slot = d.slot AND m.id = d.id
"""
FIRST = UUID(int=0)


def reseal(after: UUID | None, limit: int) -> Some:
    """Seals `limit` messages behind `after` anew that are not under the first key: their rows tell.

    Messages that are locked are passed over, and found by the next round.
    """
    sealing = sealer()
    params = {"key": sealing.key_id, "after": after or FIRST, "limit": limit}
    rows: Sequence[ReceivedMessage] = fetch_all(OTHERWISE_SEALED, params)
    anew: dict[UUID, str] = {}
    for row in rows:
        with suppress(SealBroken):
            anew[row.id] = sealing.reseal(row.sealed)
    if anew:
        execute(
            RESEAL,
            {
                "key": sealing.key_id,
                "slots": [slot_of(message_id) for message_id in anew],
                "ids": list(anew),
                "sealed": list(anew.values()),
            },
        )
    return Some(len(anew), len(rows) - len(anew), rows[-1].id if rows else None)
