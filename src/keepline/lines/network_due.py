"""Lines of which the network may hold something else than the books say: one row a line.

A row is a level, not a message: it says "look", and whoever looks tells the network what the books
say by then. `due_at` and `told_until` are real time, also of lines on test clocks; a fresh mark is
due at once by any clock.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from keepline.core.ids import slot_of, slots_of
from keepline.slots.ids import new_id
from keepline.slots.sql import execute, fetch_all

# Longer than one batch takes: two must never tell the network of one line at once.
LEASE = timedelta(minutes=2)
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DueLine:
    """A line that the network is told of. `version`: how often it was marked before."""

    id: UUID
    version: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Lines that one worker tells the network of, alone, until its lease ends."""

    id: UUID
    lines: Sequence[DueLine]


@dataclass(frozen=True, slots=True)
class PutOff:
    """When a line is due again; `code`: what the network refused it for, "" if it did not."""

    line: DueLine
    at: datetime
    attempts: int
    code: str = ""


# A refusal was about what is over now. Whoever tells the network right now goes on undisturbed, and
# finds at its end that the row has moved.
MARK = """
INSERT INTO lines_networkdue AS d (slot, id, due_at, marked_at, attempts, version, refusal_code)
SELECT v.slot, v.id, %(at_once)s, %(now)s, 0, 1, ''
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[]) AS t(slot, id)
JOIN lines_validity v ON v.slot = t.slot AND v.id = t.id AND NOT v.dormant
ORDER BY v.slot, v.id
ON CONFLICT (slot, id) DO UPDATE
SET version = d.version + 1, due_at = excluded.due_at, attempts = 0, refusal_code = '',
    marked_at = CASE WHEN d.refusal_code = '' THEN d.marked_at ELSE excluded.marked_at END
"""


def mark(line_ids: Collection[UUID], now: datetime) -> int:
    """The network is to be told of these lines, at once; `now` is what the lines' clock shows.

    In the transaction that changes them. Lines that sleep until go-live are left out.
    """
    if not line_ids:
        return 0
    ids = list(line_ids)
    slots = [slot_of(line_id) for line_id in ids]
    return execute(MARK, {"slots": slots, "ids": ids, "now": now, "at_once": AT_ONCE})


CLAIM = """
WITH due AS (
  SELECT slot, id FROM lines_networkdue
  WHERE due_at <= %(now)s AND (told_until IS NULL OR told_until <= %(now)s)
  ORDER BY due_at LIMIT %(limit)s
  FOR UPDATE SKIP LOCKED
)
UPDATE lines_networkdue d
SET told_until = %(until)s, claim_id = %(claim)s, attempts = least(d.attempts + 1, 30000)
FROM due WHERE d.slot = due.slot AND d.id = due.id
RETURNING d.id, d.version, d.attempts
"""


def claim(now: datetime, limit: int) -> Claim:
    """Takes due lines for one worker. What it does not finish is due again when LEASE ends."""
    claim_id = new_id(0)
    params = {"now": now, "limit": limit, "until": now + LEASE, "claim": claim_id}
    rows = fetch_all(CLAIM, params)
    return Claim(claim_id, [DueLine(*row) for row in rows])


DONE = """
DELETE FROM lines_networkdue d
USING unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(versions)s::int[]) AS t(slot, id, version)
WHERE d.slot = t.slot AND d.id = t.id AND d.version = t.version AND d.claim_id = %(claim)s
"""
PUT_OFF = """
UPDATE lines_networkdue d
SET due_at = t.at, attempts = t.attempts,
    refusal_code = CASE WHEN t.code = '' THEN d.refusal_code ELSE t.code END
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[], %(versions)s::int[], %(ats)s::timestamptz[],
            %(attempts)s::smallint[], %(codes)s::text[])
  AS t(slot, id, version, at, attempts, code)
WHERE d.slot = t.slot AND d.id = t.id AND d.version = t.version AND d.claim_id = %(claim)s
"""
LET_GO = """
UPDATE lines_networkdue d SET told_until = NULL, claim_id = NULL
WHERE d.slot = ANY(%(slots)s) AND d.id = ANY(%(ids)s) AND d.claim_id = %(claim)s
"""


def settle(claim: Claim, done: Collection[UUID], put_off: Sequence[PutOff]) -> None:
    """Ends a claim: rows of lines that are `done` go, the others are due as they are put off.

    A row that was marked meanwhile stays as the mark has left it: due at once.
    """
    rows = [line for line in claim.lines if line.id in done]
    if rows:
        execute(DONE, {**_keys(rows), "claim": claim.id})
    if put_off:
        params = {
            **_keys([each.line for each in put_off]),
            "claim": claim.id,
            "ats": [each.at for each in put_off],
            "attempts": [each.attempts for each in put_off],
            "codes": [each.code for each in put_off],
        }
        execute(PUT_OFF, params)
    ids = [line.id for line in claim.lines]
    execute(LET_GO, {"slots": slots_of(ids), "ids": ids, "claim": claim.id})


def _keys(rows: Sequence[DueLine]) -> dict[str, list[object]]:
    return {
        "slots": [slot_of(row.id) for row in rows],
        "ids": [row.id for row in rows],
        "versions": [row.version for row in rows],
    }


BEING_TOLD = """
SELECT id FROM lines_networkdue
WHERE slot = ANY(%(slots)s) AND id = ANY(%(ids)s) AND told_until IS NOT NULL
"""


def being_told(line_ids: Collection[UUID]) -> set[UUID]:
    """Those of the lines that somebody tells the network of right now, or died doing it.

    Whatever the instant: orders of test clocks do not know what time it really is, and who died
    is followed by another when the lease ends.
    """
    if not line_ids:
        return set()
    params = {"slots": slots_of(line_ids), "ids": list(line_ids)}
    return {row.id for row in fetch_all(BEING_TOLD, params)}


MARKED = """
SELECT id FROM lines_networkdue
WHERE slot = ANY(%(slots)s) AND id = ANY(%(ids)s) AND refusal_code = ''
"""


def marked_among(line_ids: Collection[UUID]) -> set[UUID]:
    """Those of the lines that wait to be followed, and were not refused by the network."""
    if not line_ids:
        return set()
    params = {"slots": slots_of(line_ids), "ids": list(line_ids)}
    return {row.id for row in fetch_all(MARKED, params)}
