"""Reads of lines. Every read names the slot, and the account whose line it must be."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from keepline.core.agenda import Step
from keepline.core.allowances import Allowance
from keepline.core.ids import derived_id, is_ours, slot_of, slots_of
from keepline.core.lifecycle.line import LineState
from keepline.lines.models import Extension, LineEvent, Reversal
from keepline.slots.sql import fetch_all, fetch_one


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line and its clock, as one row. Instants UTC."""

    id: UUID
    account_id: UUID
    wallet_id: UUID
    kind: str
    label: str
    e164: int | None
    iccid: str | None
    carrier_id: int | None
    time_zone: str
    opened_at: datetime
    activated_at: datetime | None
    state: LineState
    plan_id: int
    policy_id: int
    valid_until: datetime | None
    since_at: datetime | None
    auto_renew: bool
    lead_days: int | None
    dormant: bool
    next_step: int | None
    next_action_at: datetime | None
    method_id: UUID | None
    transfer_lock: bool = False
    unlocks_at: datetime | None = None

    @property
    def lived(self) -> bool:
        """False: it is being bought and its order tells of it, or its purchase failed."""
        named = self.activated_at or self.e164 or self.iccid
        failed = self.state is LineState.TERMINATED and not named
        return not failed and self.state is not LineState.RESERVED


@dataclass(frozen=True, slots=True)
class LiveExtension:
    """A piece of life whose end is ahead, with what it granted."""

    id: UUID
    line_id: UUID
    granted: Allowance
    period_end: datetime


SELECT = """
SELECT l.id, l.account_id, v.wallet_id, l.kind, l.label, l.e164, l.iccid, l.carrier_id, v.time_zone,
       l.opened_at, l.activated_at, v.state, v.plan_id, v.policy_id, v.valid_until, v.since_at,
       v.auto_renew, v.lead_days, v.dormant, v.next_step, v.next_action_at,
       l.method_id, l.transfer_lock, l.unlocks_at
FROM lines_validity v JOIN lines_line l ON l.slot = v.slot AND l.id = v.id
"""
OF_ACCOUNT = "WHERE l.slot = %(slot)s AND l.account_id = %(account)s"
# One that is being bought is told by its order; one whose purchase failed never was anybody's.
LIVED = """ AND v.state <> 'reserved' AND NOT (v.state = 'terminated' AND l.activated_at IS NULL
  AND l.e164 IS NULL AND l.iccid IS NULL)"""
AMONG = "WHERE l.slot = ANY(%(slots)s) AND l.id = ANY(%(ids)s)"
# What was lost long ago is of no use first: it stands after everything that can be saved.
SOONEST_FIRST = """
ORDER BY v.state = 'terminated', v.valid_until IS NULL, v.valid_until, l.id
LIMIT %(limit)s OFFSET %(offset)s
"""


def lines_of(account_id: UUID, limit: int, offset: int = 0) -> list[LineRow]:
    """The account's lines, soonest expiry first, lost ones last."""
    return _rows(
        SELECT + OF_ACCOUNT + LIVED + SOONEST_FIRST,
        {
            "slot": slot_of(account_id),
            "account": account_id,
            "limit": limit,
            "offset": offset,
        },
    )


NUMBERED = (
    OF_ACCOUNT
    + " AND l.e164 IS NOT NULL"
    + LIVED
    + " ORDER BY v.state = 'terminated', l.id LIMIT %(limit)s"
)


def numbered_of(account_id: UUID, limit: int) -> list[LineRow]:
    """The account's lines that have, or had, a number; those that ended last."""
    params = {"slot": slot_of(account_id), "account": account_id, "limit": limit}
    return _rows(SELECT + NUMBERED, params)


def line_of(line_id: UUID, account_id: UUID) -> LineRow | None:
    """The line when it is this account's; None for any other."""
    rows = _rows(
        SELECT + OF_ACCOUNT + " AND l.id = %(line)s",
        {"slot": slot_of(account_id), "account": account_id, "line": line_id},
    )
    return rows[0] if rows else None


def lines_among(line_ids: Collection[UUID]) -> dict[UUID, LineRow]:
    """Lines by id, whosever they are: for letters to their holders. One query."""
    if not line_ids:
        return {}
    slots = slots_of(line_ids)
    rows = _rows(SELECT + AMONG, {"slots": slots, "ids": list(line_ids)})
    return {row.id: row for row in rows}


RENEWED = """
SELECT line_id, max(granted_at) AS at FROM lines_extension
WHERE slot = ANY(%(slots)s::smallint[]) AND line_id = ANY(%(ids)s::uuid[])
  AND granted_at >= %(since)s
GROUP BY line_id
"""


def renewed_since(line_ids: Collection[UUID], since: datetime | None) -> dict[UUID, datetime]:
    """When each of the lines was last renewed, of those that were at `since` or later. One query,
    or none without lines."""
    if not line_ids or since is None:
        return {}
    params = {"slots": slots_of(line_ids), "ids": list(line_ids), "since": since}
    return {row.line_id: row.at for row in fetch_all(RENEWED, params)}


def owner_of(line_id: UUID) -> UUID | None:
    """The account that a line belongs to, for staff; None also for an id that is none of ours."""
    if not is_ours(line_id):
        return None
    rows = fetch_all(
        "SELECT account_id FROM lines_line WHERE slot = %s AND id = %s", (slot_of(line_id), line_id)
    )
    return rows[0].account_id if rows else None


def numbers_of(account_id: UUID, line_ids: Sequence[UUID]) -> dict[UUID, int | None]:
    """E.164 by line id, of the account's lines among `line_ids`."""
    rows = fetch_all(
        "SELECT id, e164 FROM lines_line WHERE slot = %s AND account_id = %s AND id = ANY(%s)",
        (slot_of(account_id), account_id, list(line_ids)),
    )
    return {row.id: row.e164 for row in rows}


METHODS = """
SELECT id, method_id FROM lines_line
WHERE slot = ANY(%(slots)s) AND id = ANY(%(ids)s) AND method_id IS NOT NULL
"""


def methods_among(line_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The saved method by line id, of those of the lines that have one; of any accounts."""
    slots = slots_of(line_ids)
    rows = fetch_all(METHODS, {"slots": slots, "ids": list(line_ids)}) if line_ids else []
    return {row.id: row.method_id for row in rows}


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A line that a saved method pays for."""

    id: UUID
    e164: int | None
    iccid: str | None
    label: str
    method_id: UUID


PAID = """
SELECT id, e164, iccid, label, method_id FROM lines_line
WHERE slot = %s AND account_id = %s AND method_id IS NOT NULL ORDER BY id
"""


def lines_paid_by_methods(account_id: UUID) -> list[PaidLine]:
    """The account's lines that a saved method pays for when their wallet is short."""
    return [PaidLine(*row) for row in fetch_all(PAID, (slot_of(account_id), account_id))]


LIVING = """
SELECT l.account_id, count(*) AS living
FROM lines_validity v JOIN lines_line l ON l.slot = v.slot AND l.id = v.id
WHERE l.slot = ANY(%(slots)s) AND l.account_id = ANY(%(accounts)s) AND v.slot = ANY(%(slots)s)
  AND v.state <> 'terminated'
GROUP BY l.account_id
"""


def count_living(account_id: UUID) -> int:
    """How many lines the account has, those that are being bought with them."""
    return count_living_among([account_id]).get(account_id, 0)


def count_living_among(account_ids: Collection[UUID]) -> dict[UUID, int]:
    """The same by account; who has none is left out. One query."""
    params = {"slots": slots_of(account_ids), "accounts": list(account_ids)}
    return {row.account_id: int(row.living) for row in fetch_all(LIVING, params)}


COUNT_DUE = """
SELECT count(*) AS due FROM lines_validity v
WHERE v.next_action_at <= %(now)s AND v.clock_id = 0
"""


def count_due(now: datetime) -> int:
    """How many lines have something due."""
    return int(fetch_all(COUNT_DUE, {"now": now})[0].due)


NUMBERS = """
SELECT id, e164 FROM lines_line
WHERE slot = ANY(%(slots)s) AND id = ANY(%(ids)s) AND e164 IS NOT NULL
"""


def numbers_among(line_ids: Sequence[UUID]) -> dict[UUID, int]:
    """E.164 by line id, of those of the lines that have a number; of any accounts."""
    slots = slots_of(line_ids)
    rows = fetch_all(NUMBERS, {"slots": slots, "ids": list(line_ids)})
    return {row.id: row.e164 for row in rows}


POLICIES = """
SELECT id, policy_id FROM lines_validity WHERE slot = ANY(%(slots)s) AND id = ANY(%(ids)s)
"""


def policies_among(line_ids: Collection[UUID]) -> dict[UUID, int]:
    """The version of the policy by line id, of lines of any accounts. No query for none."""
    if not line_ids:
        return {}
    params = {"slots": slots_of(line_ids), "ids": list(line_ids)}
    return {row.id: row.policy_id for row in fetch_all(POLICIES, params)}


def _rows(statement: str, params: dict[str, object]) -> list[LineRow]:
    return [
        LineRow(**{**row._asdict(), "state": LineState(row.state)})
        for row in fetch_all(statement, params)
    ]


CLOCKS = """
SELECT id, clock_id FROM lines_validity
WHERE slot = ANY(%(slots)s) AND id = ANY(%(ids)s) AND clock_id <> 0
"""


def clocks_among(line_ids: Collection[UUID]) -> dict[UUID, int]:
    """The test clock by line id, of those of the lines that live by one."""
    params = {"slots": slots_of(line_ids), "ids": list(line_ids)}
    return {row.id: row.clock_id for row in fetch_all(CLOCKS, params)}


def live_extensions_among(line_ids: Collection[UUID], now: datetime) -> list[LiveExtension]:
    """As `live_extensions`, of lines of any accounts. One query."""
    rows = Extension.objects.among(line_ids, "line_id").filter(
        ~Exists(Reversal.objects.filter(slot=OuterRef("slot"), id=OuterRef("id"))),
        period_end__gt=now,
    )
    return _live(rows.order_by("period_end"))


def live_extensions(
    account_id: UUID, line_ids: Sequence[UUID], now: datetime
) -> list[LiveExtension]:
    """Pieces of life of these lines (of one account) whose end is after `now`, oldest first.

    What was taken back gives nothing, not even for the days until then: its buckets are gone.
    """
    rows = Extension.objects.filter(
        ~Exists(Reversal.objects.filter(slot=OuterRef("slot"), id=OuterRef("id"))),
        slot=slot_of(account_id),
        line_id__in=list(line_ids),
        period_end__gt=now,
    ).order_by("period_end")
    return _live(rows)


def _live(rows: Iterable[Extension]) -> list[LiveExtension]:
    return [
        LiveExtension(
            row.id,
            row.line_id,
            Allowance(row.data_bytes, row.voice_seconds, row.sms_count),
            row.period_end,
        )
        for row in rows
    ]


def extensions_of(line_id: UUID, limit: int) -> list[Extension]:
    """The newest pieces of a line's life, newest first. The caller has checked whose it is."""
    rows = Extension.objects.filter(slot=slot_of(line_id), line_id=line_id)
    return list(rows.order_by("-period_start")[:limit])


def reversals_of(line_id: UUID, limit: int) -> list[Reversal]:
    """The pieces that were taken back last, newest first. The caller has checked whose it is."""
    rows = Reversal.objects.filter(slot=slot_of(line_id), line_id=line_id)
    return list(rows.order_by("-reversed_at")[:limit])


def periods_of(order_ids: Sequence[UUID]) -> dict[UUID, tuple[datetime, datetime]]:
    """What each of these orders extended its line by: from when, until when. One query."""
    rows = fetch_all(
        "SELECT order_id, period_start, period_end FROM lines_extension"
        " WHERE slot = ANY(%s) AND id = ANY(%s)",
        (
            slots_of(order_ids),
            [derived_id(order_id, "extension") for order_id in order_ids],
        ),
    )
    return {row.order_id: (row.period_start, row.period_end) for row in rows}


def events_of(line_id: UUID, limit: int) -> list[LineEvent]:
    """The newest changes of state, newest first. The caller has checked whose it is."""
    rows = LineEvent.objects.filter(slot=slot_of(line_id), line_id=line_id)
    return list(rows.order_by("-occurred_at", "-id")[:limit])


def has_sleepers(account_id: UUID) -> bool:
    """Whether lines of the account were imported and sleep until go-live."""
    return bool(
        fetch_all(
            "SELECT FROM lines_line l JOIN lines_validity v ON v.slot = l.slot AND v.id = l.id"
            " WHERE l.slot = %s AND l.account_id = %s AND v.dormant LIMIT 1",
            (slot_of(account_id), account_id),
        )
    )


NEXT_DUE = """
SELECT min(first.at) AS at FROM unnest(%(steps)s::smallint[]) AS s(step)
CROSS JOIN LATERAL (
  SELECT v.next_action_at AS at FROM lines_validity v
  WHERE v.clock_id = %(clock)s AND v.clock_id <> 0 AND v.next_step = s.step
    AND v.next_action_at IS NOT NULL
  ORDER BY v.next_action_at LIMIT 1
) AS first
"""


def next_due(clock_id: int) -> datetime | None:
    """When the first line of a test clock has something due; None when none ever has."""
    found: datetime | None = fetch_all(
        NEXT_DUE, {"clock": clock_id, "steps": [int(step) for step in Step]}
    )[0].at
    return found


def count_awake() -> int:
    """How many lines do not sleep until go-live."""
    row = fetch_one("SELECT count(*) AS lines FROM lines_validity WHERE NOT dormant")
    return 0 if row is None else int(row.lines)


AWAKE = """
SELECT id FROM lines_validity
WHERE slot = %(slot)s AND id > %(after)s AND NOT dormant ORDER BY id LIMIT %(limit)s
"""


def awake_after(slot: int, after: UUID | None, limit: int) -> list[UUID]:
    """The next lines of a slot by id, without those that sleep; from the first on for None."""
    params = {"slot": slot, "after": after or UUID(int=0), "limit": limit}
    return [row.id for row in fetch_all(AWAKE, params)]
