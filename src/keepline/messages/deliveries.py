"""Writes of deliveries: put on their way, claimed for one channel, settled. docs/messages.md

Each is one statement for a whole batch.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from keepline.accounts import clocks
from keepline.core.ids import slot_of, slots_of
from keepline.slots.sql import execute, fetch_all


class NewDelivery(NamedTuple):
    """One event on its way to one recipient. In `lane` it goes in order; with `letter_id` it goes
    in one letter with others."""

    id: UUID
    event_id: UUID
    kind: str
    account_id: UUID
    line_id: UUID | None
    channel: str
    recipient: str
    letter_id: UUID
    lane: UUID
    due_at: datetime


INSERT = """
INSERT INTO messages_delivery (slot, id, event_id, kind, account_id, line_id, channel, recipient,
  letter_id, lane, addressed_at, due_at, attempts, outcome, reason, reference)
SELECT slot, id, event_id, kind, account_id, line_id, channel, recipient, letter_id, lane,
       %(now)s, due_at, 0, '', '', ''
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(events)s::uuid[], %(kinds)s::text[],
            %(accounts)s::uuid[], %(lines)s::uuid[], %(channels)s::text[], %(recipients)s::text[],
            %(letters)s::uuid[], %(lanes)s::uuid[], %(dues)s::timestamptz[])
  AS d(slot, id, event_id, kind, account_id, line_id, channel, recipient, letter_id, lane, due_at)
"""


def put_all(made: Sequence[NewDelivery], now: datetime) -> None:
    """Puts them on their way. In the caller's transaction."""
    if not made:
        return
    names = ("ids", "events", "kinds", "accounts", "lines", "channels", "recipients", "letters")
    columns = dict(zip((*names, "lanes", "dues"), map(list, zip(*made, strict=True)), strict=True))
    execute(INSERT, {"now": now, "slots": [slot_of(each.id) for each in made], **columns})


class Gathering(NamedTuple):
    """A letter that still waits for others of its kind; nobody has begun to send it."""

    letter_id: UUID
    lane: UUID
    kind: str
    due_at: datetime


WAITING = """
SELECT d.id, d.lane, d.kind, d.due_at FROM messages_delivery d
WHERE d.slot = ANY(%(slots)s::smallint[]) AND d.lane = ANY(%(lanes)s::uuid[])
  AND d.due_at > %(now)s AND d.attempts = 0 AND d.letter_id = d.id
ORDER BY d.slot, d.id
FOR NO KEY UPDATE OF d
"""


def gathering(lanes: Collection[UUID], now: datetime) -> list[Gathering]:
    """Letters in these lanes that can still take more, locked by the caller's transaction."""
    if not lanes:
        return []
    params = {"now": now, "slots": slots_of(lanes), "lanes": list(lanes)}
    return [Gathering(*row) for row in fetch_all(WAITING, params)]


# OFFSET 0: each account is looked up by its index, whatever the planner believes.
LATELY = """
SELECT n.lane, n.kind
FROM unnest(%(slots)s::smallint[], %(accounts)s::uuid[], %(lanes)s::uuid[], %(kinds)s::text[])
  AS n(slot, account_id, lane, kind)
CROSS JOIN LATERAL (
  SELECT count(*) AS letters FROM messages_delivery d
  WHERE d.slot = n.slot AND d.account_id = n.account_id AND d.id >= %(first)s
    AND d.lane = n.lane AND d.kind = n.kind AND d.letter_id = d.id AND d.addressed_at > %(since)s
  OFFSET 0
) AS lately
WHERE lately.letters >= %(many)s
"""


class NewLetter(NamedTuple):
    """A letter that is about to be begun."""

    account_id: UUID
    lane: UUID
    kind: str


def begun_often(
    letters: Collection[NewLetter], since: datetime, first: UUID, many: int
) -> set[tuple[UUID, str]]:
    """Lane and kind of those of which as `many` were begun after `since`. One query, or none.

    `first`: no letter that counts has a lower id.
    """
    if not letters:
        return set()
    accounts, lanes, kinds = map(list, zip(*letters, strict=True))
    params = {
        "slots": [slot_of(each) for each in accounts],
        "accounts": accounts,
        "lanes": lanes,
        "kinds": kinds,
        "first": first,
        "since": since,
        "many": many,
    }
    return {(row.lane, row.kind) for row in fetch_all(LATELY, params)}


PASSED = """
SELECT DISTINCT m.letter_id
FROM unnest(%(lanes)s::uuid[], %(about)s::uuid[], %(kinds)s::text[]) AS n(lane, line_id, kind)
JOIN messages_delivery m ON m.lane = n.lane AND m.line_id = n.line_id AND m.kind <> n.kind
WHERE m.slot = ANY(%(slots)s::smallint[]) AND m.letter_id = ANY(%(letters)s::uuid[])
  AND m.due_at > %(now)s
"""


class AboutLine(NamedTuple):
    """What a lane gets about a line."""

    lane: UUID
    line_id: UUID
    kind: str


def told_before(
    waiting: Collection[Gathering], news: Collection[AboutLine], now: datetime
) -> set[UUID]:
    """Of the letters that wait, those which tell other things of lines that there is `news` of. One
    query, or none."""
    kinds_in: dict[UUID, set[str]] = defaultdict(set)
    for letter in waiting:
        kinds_in[letter.lane].add(letter.kind)
    mattering = [each for each in news if kinds_in.get(each.lane, set()) - {each.kind}]
    if not mattering:
        return set()
    lanes_of, about, kinds = map(list, zip(*mattering, strict=True))
    params = {
        "now": now,
        "lanes": lanes_of,
        "about": about,
        "kinds": kinds,
        "slots": slots_of(lanes_of),
        "letters": [each.letter_id for each in waiting],
    }
    return {row.letter_id for row in fetch_all(PASSED, params)}


HURRY = """
UPDATE messages_delivery m SET due_at = %(now)s
WHERE m.slot = ANY(%(slots)s::smallint[]) AND m.lane = ANY(%(lanes)s::uuid[])
  AND m.letter_id = ANY(%(letters)s::uuid[]) AND m.due_at > %(now)s
"""


def hurry(letters: Collection[Gathering], now: datetime) -> None:
    """These gather no longer: something comes after them. In the caller's transaction."""
    if letters:
        params = {
            "now": now,
            "slots": slots_of(each.letter_id for each in letters),
            "lanes": [each.lane for each in letters],
            "letters": [each.letter_id for each in letters],
        }
        execute(HURRY, params)


class Claimed(NamedTuple):
    """A delivery that one worker holds until its lease ends."""

    id: UUID
    event_id: UUID
    kind: str
    account_id: UUID
    line_id: UUID | None
    recipient: str
    letter_id: UUID
    attempts: int
    addressed_at: datetime


# What was put in a lane earlier and has begun, or could begin, goes first. What is only gathering,
# or is held back until the morning, stops nobody. Ids of one lane grow with time; the letter's, and
# not its own, is compared, so that the plan goes by the lane and not by the key, whatever it knows.
# OFFSET 0: each lane is looked up by its index. After a quiet night the planner believes that
# nothing is due, and would read all that is, for each letter.
CLAIM = """
WITH heads AS MATERIALIZED (
  SELECT d.slot, d.id, d.lane FROM messages_delivery d
  WHERE d.channel = %(channel)s AND d.due_at <= %(now)s AND d.letter_id = d.id
    AND {of_the_clock}
    AND NOT EXISTS (
      SELECT FROM messages_delivery e
      WHERE e.slot = d.slot AND e.lane = d.lane AND e.due_at IS NOT NULL AND e.letter_id < d.id
        AND (e.attempts > 0 OR e.due_at <= %(now)s)
      OFFSET 0
    )
  ORDER BY d.due_at LIMIT %(limit)s
  FOR NO KEY UPDATE OF d SKIP LOCKED
), letters AS MATERIALIZED (
  SELECT each.slot, each.id FROM heads h CROSS JOIN LATERAL (
    SELECT e.slot, e.id FROM messages_delivery e
    WHERE e.slot = h.slot AND e.lane = h.lane AND e.due_at IS NOT NULL AND e.letter_id = h.id
    OFFSET 0
  ) AS each
)
UPDATE messages_delivery m
SET due_at = %(leased_until)s, attempts = least(m.attempts + 1, 30000)
FROM letters l
WHERE m.slot = l.slot AND m.id = l.id
RETURNING m.id, m.event_id, m.kind, m.account_id, m.line_id, m.recipient, m.letter_id, m.attempts,
          m.addressed_at
"""


def claim_due(
    channel: str,
    now: datetime,
    limit: int,
    lease: timedelta,
    clock_id: int = clocks.REAL,
) -> list[Claimed]:
    """Takes up to `limit` due letters of one channel for one worker, each with all that goes in it.

    At most one of a lane. What the worker does not settle comes back after `lease`. Only those of
    accounts that live by the clock; `now` is what it shows.
    """
    params = {
        "clock": clock_id,
        "channel": channel,
        "now": now,
        "limit": limit,
        "leased_until": now + lease,
    }
    with transaction.atomic():
        rows = fetch_all(CLAIM.format(of_the_clock=clocks.rows_of("d", clock_id)), params)
    return sorted(Claimed(*row) for row in rows)


AGAIN = """
UPDATE messages_delivery m SET due_at = %(now)s, outcome = '', attempts = 0
FROM messages_delivery d
WHERE d.slot = %(slot)s AND d.id = %(id)s AND m.slot = %(slot)s
  AND m.account_id = d.account_id AND m.letter_id = d.letter_id
  AND m.due_at IS NULL AND m.outcome IN ('refused', 'laid_aside', 'no_address')
"""


def send_again(delivery_id: UUID, now: datetime) -> bool:
    """Puts what did not arrive, and all of its letter, on its way once more. False where there is
    nothing of the kind. The reason stays until the next try. In the caller's transaction."""
    params = {"slot": slot_of(delivery_id), "id": delivery_id, "now": now}
    return execute(AGAIN, params) > 0


class Attempt(NamedTuple):
    """What one try came to: with an `outcome` the delivery is at rest; without it is tried again at
    `again_at`. `attempts` as they were claimed; `counted`: what they count from now on."""

    delivery_id: UUID
    outcome: str
    attempts: int
    counted: int
    reason: str = ""
    reference: str = ""
    again_at: datetime | None = None


# Locked in one order, for two who have sent the same. What is at rest stays so, and who took longer
# than the lease does not put off what another has in hand.
SETTLE = """
WITH tried AS (
  SELECT * FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(outcomes)s::text[],
                       %(attempts)s::smallint[], %(counted)s::smallint[], %(reasons)s::text[],
                       %(references)s::text[], %(again)s::timestamptz[])
    AS t(slot, id, outcome, attempts, counted, reason, reference, again_at)
), held AS (
  SELECT slot, id FROM messages_delivery
  WHERE slot = ANY(%(slots)s::smallint[]) AND id = ANY(%(ids)s) AND due_at IS NOT NULL
  ORDER BY slot, id FOR NO KEY UPDATE
)
UPDATE messages_delivery m
SET due_at = t.again_at, outcome = t.outcome, attempts = t.counted, reason = t.reason,
    reference = t.reference, sent_at = CASE WHEN t.outcome = 'sent' THEN %(now)s END
FROM held h JOIN tried t ON t.slot = h.slot AND t.id = h.id
WHERE m.slot = h.slot AND m.id = h.id AND (t.outcome <> '' OR m.attempts = t.attempts)
"""


def settle(attempts: Sequence[Attempt], now: datetime) -> None:
    """Notes what the tries came to. In the caller's transaction; one statement."""
    if not attempts:
        return
    ids, outcomes, before, counted, reasons, references, again = zip(*attempts, strict=True)
    params = {
        "now": now,
        "slots": [slot_of(delivery_id) for delivery_id in ids],
        "ids": list(ids),
        "outcomes": list(outcomes),
        "attempts": list(before),
        "counted": list(counted),
        "reasons": [reason[:200] for reason in reasons],
        "references": [reference[:200] for reference in references],
        "again": list(again),
    }
    execute(SETTLE, params)
