"""Reads what a calendar says of an account's lines: one entry a line, at its next turning point.

The same queries for any number of lines. An entry tells the expiry and the date of loss, whichever
of the turning points it stands at, and carries when the line last changed, so that calendars know
which of two copies is newer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from keepline.accounts import feeds
from keepline.audit import queries as audit
from keepline.catalog.queries import policy_of
from keepline.core.agenda import AgendaRules
from keepline.core.lifecycle.line import LineState
from keepline.flows import rename_line, set_auto_renew
from keepline.flows.show_lines import LineCard, Surroundings, cards_of
from keepline.lines import queries as lines
from keepline.lines import revisions
from keepline.lines.queries import LineRow

MOST = 1000  # the nearest; who has more than this wants figures, not a calendar
TOLD_ACTS = (rename_line.ACTION, set_auto_renew.ACTION)

EntryKind = Literal[
    "runs_out",  # at, unless renewed
    "renews",  # the same, and it will be renewed by itself at `renews_at`
    "suspends",  # in grace: what service is left ends
    "withdrawn",  # suspended: the number is withdrawn, unless renewed
    "reclaimable",  # withdrawn: until then its last holder may have it back
    "lost",  # withdrawn: from then on somebody else may have it
    "stands",  # paid until then, but blocked or moving: its clock stands still
]


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One line in a calendar. Instants UTC. `days_ahead`: when to be reminded, in days before."""

    line_id: UUID
    label: str
    e164: int | None
    iccid: str | None
    time_zone: str
    kind: EntryKind
    state: LineState
    at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None
    lost_at: datetime | None
    renews_at: datetime | None
    days_ahead: Sequence[int]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class CalendarView:
    """All entries, the soonest expiry first, for a reader of `language`."""

    language: str
    entries: Sequence[CalendarEntry]


def show_calendar(secret: str, now: datetime) -> CalendarView | None:
    """None for what is no address, or none any more. `now`: real time."""
    holder = feeds.holder_by(secret)
    if holder is None:
        return None
    at = holder.clock_at or now
    rows = lines.lines_of(holder.account_id, MOST)
    around, cards = cards_of(holder.account_id, rows, at)
    ids = [row.id for row in rows]
    changes = revisions.last_changes(holder.account_id, ids)
    told = audit.last_acts(holder.account_id, ids, TOLD_ACTS)
    entries = []
    for row, card in zip(rows, cards, strict=True):
        known = [each[row.id] for each in (changes, told) if row.id in each]
        entry = _entry(row, card, around, max(known, default=row.opened_at), at)
        if entry is not None:
            entries.append(entry)
    return CalendarView(holder.language, entries)


def _entry(
    row: LineRow, card: LineCard, around: Surroundings, changed_at: datetime, now: datetime
) -> CalendarEntry | None:
    """None for a line of which nothing is dated: not begun, asleep, or lost."""
    turn = _turn(card)
    lifeline = card.lifeline
    if turn is None or lifeline is None or row.dormant:
        return None
    kind, at = turn
    if row.state == LineState.TERMINATED and at <= now:
        return None
    stands = kind == "stands"
    gone = kind in ("reclaimable", "lost")
    rules = policy_of(around.policies[row.policy_id]).agenda
    number = around.numbers.get(row.e164) if row.e164 and gone else None
    rests_until = number.until_at if number and number.until_at else lifeline.lost_at
    lost_at = at if kind == "lost" else rests_until
    return CalendarEntry(
        line_id=row.id,
        label=row.label,
        e164=row.e164,
        iccid=row.iccid,
        time_zone=row.time_zone,
        kind=kind,
        state=row.state,
        at=at,
        expires_at=lifeline.valid_until,
        withdrawn_at=None if stands or gone else lifeline.withdrawn_at,
        lost_at=lost_at if row.e164 and not stands else None,
        renews_at=card.auto_renew.next_try_at if kind == "renews" else None,
        days_ahead=_days_ahead(kind, rules),
        changed_at=changed_at,
    )


def _turn(card: LineCard) -> tuple[EntryKind, datetime] | None:
    """Where the line stands in the calendar, and why there."""
    lifeline, following = card.lifeline, card.next_action
    if lifeline is None:
        return None
    if card.state == LineState.TERMINATED:
        gone: EntryKind = "reclaimable" if following.kind == "reclaimable" else "lost"
        return None if following.at is None else (gone, following.at)
    if card.state == LineState.GRACE:
        return "suspends", lifeline.grace_until
    if card.state == LineState.SUSPENDED:
        return "withdrawn", lifeline.suspended_until
    stands = card.state in (LineState.BLOCKED, LineState.PORTING)
    waits: EntryKind = "stands" if stands else "runs_out"
    return ("renews" if following.kind == "renews" else waits), lifeline.valid_until


def _days_ahead(kind: EntryKind, rules: AgendaRules) -> Sequence[int]:
    """As the line's policy reminds by letter; nobody is called to do what is done by itself."""
    if kind in ("renews", "stands", "lost"):
        return ()
    if kind == "runs_out":
        return sorted(rules.remind_before_expiry_days, reverse=True)
    return sorted(rules.remind_before_withdrawal_days, reverse=True)
