"""Reads an account's lines as cards, soonest expiry first: eight queries at most.

What happens next to a line is a kind and an instant, never a sentence: the sentence is made
where it is shown, in the reader's language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from keepline.catalog import queries as catalog
from keepline.catalog.models import Carrier, Plan, Policy
from keepline.catalog.queries import PlanOffer
from keepline.core.lifecycle.line import LINE, LineEvent, LineState
from keepline.core.lifeline import Lifeline, lifeline_of
from keepline.core.pricing import quote
from keepline.ledger import queries as ledger
from keepline.ledger.queries import Balance
from keepline.lines import queries as lines
from keepline.lines.queries import LineRow
from keepline.usage import queries as usage
from keepline.usage.queries import EMPTY, Buckets

PAGE = 50
NEAR_EXPIRY = timedelta(days=7)
WARN_AHEAD = timedelta(days=14)

NextKind = Literal[
    "set_up",  # being set up; at: none
    "first_use",  # time begins to run at first use
    "renews",  # by itself, at
    "runs_out",  # at, unless renewed
    "suspends",  # outgoing service ended; incoming ends at
    "withdrawn",  # the number is withdrawn at, unless renewed
    "lost",  # the number was withdrawn; from at on somebody else may have it
    "paused",
    "blocked",
    "porting",
    "dormant",  # taken over, its clock is not running yet
]


@dataclass(frozen=True, slots=True)
class NextAction:
    """What happens next by itself, and when."""

    kind: NextKind
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One allowance. data in bytes, voice in seconds, sms in messages; None is unlimited."""

    kind: Literal["data", "voice", "sms"]
    granted: int | None
    used: int
    left: int | None


@dataclass(frozen=True, slots=True)
class LineCard:
    """One line as its holder sees it. Instants UTC; `time_left` is never below zero."""

    line_id: UUID
    e164: int | None
    iccid: str | None
    kind: str
    label: str
    carrier: str
    country: str  # ISO 3166-1 alpha-2, "" when no carrier is known
    plan_name: dict[str, str]
    plan_code: str
    time_zone: str
    state: LineState
    valid_until: datetime | None
    time_left: timedelta
    near_expiry: bool
    renewable: bool
    auto_renew: bool
    buckets: Sequence[Bucket]
    wallet: Balance | None
    next_action: NextAction
    grace_rule: str
    lifeline: Lifeline | None


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The wallet cannot pay for what lines will renew by themselves until `until_at`."""

    currency: str
    needed_minor: int
    missing_minor: int
    until_at: datetime


@dataclass(frozen=True, slots=True)
class LinesPage:
    """`next_offset` is None on the last page."""

    cards: Sequence[LineCard]
    wallets: Sequence[Balance]
    shortfalls: Sequence[Shortfall]
    next_offset: int | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What cards draw on beside the line's own row, read once for all of them."""

    carriers: dict[int, Carrier]
    plans: dict[int, Plan]
    policies: dict[int, Policy]
    buckets: dict[UUID, Buckets]
    wallets: dict[UUID, Balance]


def show_lines(account_id: UUID, now: datetime, offset: int = 0) -> LinesPage:
    """One page of the account's lines; at most PAGE of them."""
    rows = lines.lines_of(account_id, PAGE + 1, offset)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    wallets = ledger.balances_of(account_id)
    around = surroundings(account_id, rows, wallets, now)
    cash = [wallet for wallet in wallets if wallet.purpose == "cash"]
    return LinesPage(
        cards=[card(row, around, now) for row in rows],
        wallets=cash,
        shortfalls=shortfalls(rows, cash, now),
        next_offset=offset + PAGE if more else None,
    )


def surroundings(
    account_id: UUID, rows: Sequence[LineRow], wallets: Sequence[Balance], now: datetime
) -> Surroundings:
    """Five queries for any number of lines of one account."""
    return Surroundings(
        carriers=catalog.carriers_among({row.carrier_id for row in rows if row.carrier_id}),
        plans=catalog.plans_among({row.plan_id for row in rows}),
        policies=catalog.policies_among({row.policy_id for row in rows}),
        buckets=usage.buckets_of(account_id, [row.id for row in rows], now),
        wallets={wallet.wallet_id: wallet for wallet in wallets},
    )


def card(
    row: LineRow, around: Surroundings, now: datetime, preview_until: datetime | None = None
) -> LineCard:
    """`preview_until` draws the piece that a renewal would add."""
    policy = around.policies[row.policy_id]
    lifeline = lifeline_of(
        row.state,
        row.activated_at or row.opened_at,
        row.valid_until,
        policy.grace_days,
        policy.suspended_days,
        policy.quarantine_days,
        now,
        preview_until,
        row.since_at,
    )
    carrier = around.carriers.get(row.carrier_id) if row.carrier_id else None
    left = max(timedelta(0), row.valid_until - now) if row.valid_until else timedelta(0)
    plan = around.plans[row.plan_id]
    return LineCard(
        line_id=row.id,
        e164=row.e164,
        iccid=row.iccid,
        kind=row.kind,
        label=row.label,
        carrier=carrier.name if carrier else "",
        country=carrier.country if carrier else "",
        plan_name=plan.name,
        plan_code=plan.code,
        time_zone=row.time_zone,
        state=row.state,
        valid_until=row.valid_until,
        time_left=left,
        near_expiry=row.state == LineState.ACTIVE and left <= NEAR_EXPIRY,
        renewable=LineEvent.RENEW in LINE.allowed(row.state),
        auto_renew=row.auto_renew,
        buckets=gauges(around.buckets.get(row.id, EMPTY)),
        wallet=around.wallets.get(row.wallet_id),
        next_action=next_action(row, lifeline),
        grace_rule=policy.grace_rule,
        lifeline=lifeline,
    )


def gauges(buckets: Buckets) -> Sequence[Bucket]:
    """Those of the three kinds of which anything was granted."""
    granted, used, left = buckets.granted, buckets.used, buckets.left
    every = (
        Bucket("data", granted.data_bytes, used.data_bytes or 0, left.data_bytes),
        Bucket("voice", granted.voice_seconds, used.voice_seconds or 0, left.voice_seconds),
        Bucket("sms", granted.sms_count, used.sms_count or 0, left.sms_count),
    )
    return [bucket for bucket in every if bucket.granted != 0]


def shortfalls(
    rows: Sequence[LineRow], wallets: Sequence[Balance], now: datetime
) -> Sequence[Shortfall]:
    """Wallets that will be short within WARN_AHEAD. One query when any line renews by itself."""
    due = [
        row
        for row in rows
        if row.auto_renew
        and row.state == LineState.ACTIVE
        and row.valid_until
        and row.valid_until <= now + WARN_AHEAD
    ]
    offers = catalog.prices_among({row.plan_id for row in due}) if due else []
    price = {(offer.plan_id, offer.currency): total_minor(offer) for offer in offers}
    found = []
    for wallet in wallets:
        own = [row for row in due if row.wallet_id == wallet.wallet_id]
        needed = sum(price.get((row.plan_id, wallet.currency), 0) for row in own)
        if needed > wallet.free_minor:
            missing = needed - wallet.free_minor
            last = max(row.valid_until for row in own if row.valid_until)
            found.append(Shortfall(wallet.currency, needed, missing, last))
    return found


def total_minor(offer: PlanOffer) -> int:
    """What one term of the offer costs, tax and all."""
    return quote(
        offer.price_minor, offer.currency, offer.tax_rate_ppm, offer.tax_inclusive
    ).total_minor


_WITHOUT_CLOCK: dict[LineState, NextKind] = {
    LineState.RESERVED: "set_up",
    LineState.PROVISIONING: "set_up",
    LineState.READY: "first_use",
    LineState.PAUSED: "paused",
    LineState.BLOCKED: "blocked",
    LineState.PORTING: "porting",
}


def next_action(row: LineRow, lifeline: Lifeline | None) -> NextAction:
    """What the clock will do to the line if nobody does anything."""
    if row.dormant:
        return NextAction("dormant", None)
    if row.state in _WITHOUT_CLOCK or lifeline is None:
        return NextAction(_WITHOUT_CLOCK.get(row.state, "set_up"), None)
    if row.state == LineState.ACTIVE:
        return NextAction("renews" if row.auto_renew else "runs_out", lifeline.valid_until)
    if row.state == LineState.GRACE:
        return NextAction("suspends", lifeline.grace_until)
    if row.state == LineState.SUSPENDED:
        return NextAction("withdrawn", lifeline.suspended_until)
    return NextAction("lost", lifeline.quarantine_until)
