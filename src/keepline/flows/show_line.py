"""Reads one line with its history and its orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan, Policy
from keepline.core.lifecycle.line import LINE, LineState
from keepline.core.lifecycle.line import LineEvent as Event
from keepline.flows.authorise_port import MAY_LEAVE
from keepline.flows.block_line import LOST
from keepline.flows.close_line import CLOSABLE
from keepline.flows.delivering.renumbering import NewNumber
from keepline.flows.delivering.swapping import NewSim
from keepline.flows.delivering.switching import NewCarrier
from keepline.flows.errors import FlowRefused
from keepline.flows.show_lines import (
    LineCard,
    Surroundings,
    card,
    surroundings_of,
    went_away,
    went_on,
)
from keepline.gateways import switchboard
from keepline.inventory.queries import kind_of, may_be_had_back, standing_by
from keepline.lines import queries as lines
from keepline.lines.changes import TransferLock
from keepline.lines.models import Extension, LineEvent, Reversal
from keepline.lines.queries import LineRow
from keepline.orders import queries as orders
from keepline.orders.models import Order

HISTORY = 30


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened. `extended` carries the period, `changed` the states, `taken_back`
    where a refund ended its order's period."""

    kind: Literal["extended", "changed", "taken_back"]
    at: datetime
    order_id: UUID | None
    plan_name: dict[str, str] | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    source: str = ""
    target: str = ""
    cause: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Reclaim:
    """Whether the number of a line that ended may be had back. Minor units of `currency`.

    open: until `until_at`, for `fee_minor`, of which the wallet lacks `short_minor`; went_on: it
    is on the holder's line `successor_id`; over: what became of it is not told.
    """

    state: Literal["open", "went_on", "over"]
    until_at: datetime | None = None
    fee_minor: int = 0
    short_minor: int = 0
    currency: str = ""
    successor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LineView:
    """A line, what happened to it (newest first), what was ordered for it (newest first).
    `reclaim`: None for a line that lives or never had a number. `sim`: whether its SIM in stock is
    a `card` or a `profile`, "" without one. `renumberable`, `swappable`, `switchable`: it may have
    another number, another SIM, another carrier, as far as its plan and state go. `portable`: its
    number may leave, or is leaving. `standby`: the
    names of carriers of which a profile stands by. `lost`: it is blocked as lost
    or stolen. `lock`: against such changes; opening until `unlocks_at`.
    """

    card: LineCard
    history: Sequence[HistoryEntry]
    orders: Sequence[Order]
    grace_days: int
    suspended_days: int
    quarantine_days: int
    reclaim: Reclaim | None
    closable: bool
    renumberable: bool
    swappable: bool
    switchable: bool
    standby: Sequence[str]
    portable: bool
    blockable: bool
    lost: bool
    lock: Literal["open", "locked", "opening"]
    unlocks_at: datetime | None
    sim: str = ""


def show_line(line_id: UUID, account_id: UUID, now: datetime) -> LineView:
    """Raises FlowRefused("not_found") for a line of another account, and one that never lived."""
    row = lines.line_of(line_id, account_id)
    if row is None or not row.lived:
        raise FlowRefused("not_found")
    around = surroundings_of(account_id, row, now)
    extensions = lines.extensions_of(line_id, HISTORY)
    events = lines.events_of(line_id, HISTORY)
    policy = around.policies[row.policy_id]
    return LineView(
        card=card(row, around, now),
        history=_history(extensions, events, lines.reversals_of(line_id, HISTORY)),
        orders=orders.orders_of_line(line_id, account_id, HISTORY),
        grace_days=policy.grace_days,
        suspended_days=policy.suspended_days,
        quarantine_days=policy.quarantine_days,
        reclaim=_reclaim(row, around, now),
        sim=(kind_of(row.iccid) or "") if row.iccid else "",
        closable=row.state in CLOSABLE and not row.dormant,
        renumberable=_renumberable(row, around, policy),
        swappable=row.iccid is not None and row.state in NewSim.states and not row.dormant,
        switchable=_switchable(row, around),
        standby=_standby(row, around.plans[row.plan_id]),
        portable=_portable(row),
        blockable=Event.BLOCK in LINE.allowed(row.state) and not row.dormant,
        lost=row.state == LineState.BLOCKED and bool(events) and events[0].cause == LOST,
        lock=_lock(row, now),
        unlocks_at=row.unlocks_at,
    )


def _renumberable(row: LineRow, around: Surroundings, policy: Policy) -> bool:
    wallet = around.wallets.get(row.wallet_id)
    allowed = wallet is not None and wallet.currency in policy.number_change_fee_minor
    return allowed and row.e164 is not None and row.state in NewNumber.states and not row.dormant


def _switchable(row: LineRow, around: Surroundings) -> bool:
    several = len(around.plans[row.plan_id].behind) > 1
    return several and row.iccid is not None and row.state in NewCarrier.states and not row.dormant


def _standby(row: LineRow, plan: Plan) -> Sequence[str]:
    if not plan.keeps_profiles:
        return []
    beside = {each.standby_carrier_id for each in standing_by(row.id)}
    return [carrier.name for carrier in plan.behind if carrier.id in beside]


def _portable(row: LineRow) -> bool:
    if row.e164 is None or row.dormant or not switchboard.has("porting"):
        return False
    return row.state in MAY_LEAVE or row.state == LineState.PORTING


def _lock(row: LineRow, now: datetime) -> Literal["open", "locked", "opening"]:
    if not TransferLock(row.transfer_lock, row.unlocks_at).holds(now):
        return "open"
    return "locked" if row.unlocks_at is None else "opening"


def _reclaim(row: LineRow, around: Surroundings, now: datetime) -> Reclaim | None:
    if row.state != LineState.TERMINATED or row.e164 is None:
        return None
    number, wallet = around.numbers.get(row.e164), around.wallets.get(row.wallet_id)
    if went_away(row, number):
        return None
    if number is None or wallet is None or not may_be_had_back(number, row.account_id, row.id, now):
        if went_on(row, number) and number is not None:
            return Reclaim("went_on", successor_id=number.line_id)
        return Reclaim("over")
    fee_minor = around.policies[row.policy_id].reclaim_fee_minor.get(wallet.currency, 0)
    return Reclaim(
        "open",
        until_at=number.reclaim_until,
        fee_minor=fee_minor,
        short_minor=max(0, fee_minor - wallet.free_minor),
        currency=wallet.currency,
    )


def _history(
    extensions: Sequence[Extension], events: Sequence[LineEvent], reversals: Sequence[Reversal]
) -> Sequence[HistoryEntry]:
    plans = catalog.plans_among({row.plan_id for row in extensions})
    paid = {row.order_id for row in extensions}
    entries = [
        HistoryEntry(
            kind="extended",
            at=row.granted_at,
            order_id=row.order_id,
            plan_name=plans[row.plan_id].name,
            period_start=row.period_start,
            period_end=row.period_end,
        )
        for row in extensions
    ]
    # A renewal that brought a line back wrote both an extension and an event: one is enough.
    entries += [
        HistoryEntry(
            kind="changed",
            at=row.occurred_at,
            order_id=row.order_id,
            source=row.source,
            target=row.target,
            cause=row.cause,
            actor=row.actor,
        )
        for row in events
        if row.order_id not in paid or row.order_id is None
    ]
    entries += [
        HistoryEntry("taken_back", row.reversed_at, row.order_id, period_end=row.ended_at)
        for row in reversals
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:HISTORY]
