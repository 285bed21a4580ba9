"""Reads an account's lines as cards, soonest expiry first: nine queries at most.

What happens next to a line is a kind and an instant, never a sentence: the sentence is made
where it is shown, in the reader's language.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast
from uuid import UUID

from keepline.catalog import queries as catalog
from keepline.catalog.models import Carrier, Plan, Policy
from keepline.catalog.queries import Tariff
from keepline.catalog.taxes import tariff_for, taxed_tariff, treatment_for
from keepline.core.agenda import STEPS_OF
from keepline.core.lifecycle.line import LINE, LineEvent, LineState
from keepline.core.lifecycle.number import NumberState
from keepline.core.lifeline import Lifeline, lifeline_of
from keepline.core.renewal import GraceService
from keepline.flows.auto_renewal import WARN_AHEAD, AutoRenewal, auto_renewal
from keepline.inventory import queries as inventory
from keepline.inventory.models import Number
from keepline.ledger import queries as ledger
from keepline.ledger.queries import Balance
from keepline.lines import queries as lines
from keepline.lines.queries import LineRow
from keepline.payments import methods
from keepline.payments.methods import MethodFacts
from keepline.usage import queries as usage
from keepline.usage.queries import EMPTY, Buckets

PAGE = 50
NEAR_EXPIRY = timedelta(days=7)

NextKind = Literal[
    "set_up",  # being set up; at: none
    "first_use",  # time begins to run at first use
    "renews",  # by itself at, if the wallet can pay; in grace a further try
    "consent",  # would renew by itself, but its holder must agree first; runs out at
    "runs_out",  # at, unless renewed
    "suspends",  # in grace; what service is left ends at
    "withdrawn",  # the number is withdrawn at, unless renewed
    "reclaimable",  # the number was withdrawn; until at its holder alone may have it back
    "lost",  # the number was withdrawn; from at on somebody else may have it
    "expected",  # the line begins when its number comes from another operator, at at if it is known
    "ported",  # the line ended, its number went to another operator
    "went_on",  # the line ended, its number lives on another line of the holder
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
    """One line as its holder sees it. Instants UTC; times left are never below zero.

    `kept_for`: until the number is withdrawn, None while no time runs.
    """

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
    kept_for: timedelta | None
    near_expiry: bool
    renewable: bool
    auto_renew: AutoRenewal
    buckets: Sequence[Bucket]
    wallet: Balance | None
    next_action: NextAction
    grace_rule: str
    grace_service: GraceService
    lifeline: Lifeline | None

    @property
    def auto_renewable(self) -> bool:
        """Whether set_auto_renew takes a line in this state."""
        return self.state in STEPS_OF


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
    tariffs: Mapping[tuple[int, str], Tariff]
    numbers: Mapping[int, Number]  # of lines that ended, or have not begun
    methods: Mapping[UUID, MethodFacts]


def show_lines(account_id: UUID, now: datetime, offset: int = 0) -> LinesPage:
    """One page of the account's lines; at most PAGE of them."""
    rows = lines.lines_of(account_id, PAGE + 1, offset)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    around, cards = cards_of(account_id, rows, now)
    cash = [wallet for wallet in around.wallets.values() if wallet.purpose == "cash"]
    return LinesPage(
        cards=cards,
        wallets=cash,
        shortfalls=shortfalls(cards, cash, now),
        next_offset=offset + PAGE if more else None,
    )


def cards_of(
    account_id: UUID, rows: Sequence[LineRow], now: datetime
) -> tuple[Surroundings, Sequence[LineCard]]:
    """Cards of lines of one account, in their order, and what they drew on. Eight queries at
    most."""
    wallets = ledger.balances_of(account_id)
    renewing = {row.plan_id for row in rows if row.auto_renew}
    tax = treatment_for(account_id, now) if renewing else None
    tariffs = catalog.tariffs_among(renewing) if renewing else {}
    tariffs = {place: taxed_tariff(tariff, tax) for place, tariff in tariffs.items()}
    around = surroundings(account_id, rows, wallets, now, tariffs)
    return around, [card(row, around, now) for row in rows]


def surroundings_of(account_id: UUID, row: LineRow, now: datetime) -> Surroundings:
    """For one line, with its plan's tariff, which is mostly remembered. Six queries, one more for
    a line that a saved method pays."""
    wallets = ledger.balances_of(account_id)
    tariffs = {}
    for wallet in wallets:
        if wallet.wallet_id == row.wallet_id:
            tariff = tariff_for(account_id, row.plan_id, wallet.currency, now)
            tariffs = {(row.plan_id, wallet.currency): tariff} if tariff else {}
    return surroundings(account_id, [row], wallets, now, tariffs)


def surroundings(
    account_id: UUID,
    rows: Sequence[LineRow],
    wallets: Sequence[Balance],
    now: datetime,
    tariffs: Mapping[tuple[int, str], Tariff],
) -> Surroundings:
    """Five queries for any number of lines of one account; one more when any of them ended or has
    not begun, and one when any is paid by a saved method.

    `tariffs`: at least of those lines that renew by themselves.
    """
    apart = {row.e164 for row in rows if row.e164 and row.state in WITHOUT_THEIR_NUMBER}
    return Surroundings(
        carriers=catalog.carriers_among({row.carrier_id for row in rows if row.carrier_id}),
        plans=catalog.plans_among({row.plan_id for row in rows}),
        policies=catalog.policies_among({row.policy_id for row in rows}),
        buckets=usage.buckets_of(account_id, [row.id for row in rows], now),
        wallets={wallet.wallet_id: wallet for wallet in wallets},
        tariffs=tariffs,
        numbers=inventory.numbers_among(apart) if apart else {},
        methods=methods.methods_among({row.method_id for row in rows if row.method_id}),
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
        policy,
        now,
        preview_until,
        row.since_at,
        has_number=row.e164 is not None,
    )
    number = around.numbers.get(row.e164) if row.e164 else None
    if went_on(row, number) or went_away(row, number):
        lifeline = None  # its dates are another line's by now, or nobody's here
    carrier = around.carriers.get(row.carrier_id) if row.carrier_id else None
    left = max(timedelta(0), row.valid_until - now) if row.valid_until else timedelta(0)
    wallet = around.wallets.get(row.wallet_id)
    tariff = around.tariffs.get((row.plan_id, wallet.currency)) if wallet else None
    method = around.methods.get(row.method_id) if row.method_id else None
    rules = catalog.policy_of(policy).agenda
    auto = auto_renewal(row, wallet, tariff, rules, method, now)
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
        kept_for=max(timedelta(0), lifeline.suspended_until - now) if lifeline else None,
        near_expiry=row.state == LineState.ACTIVE and left <= NEAR_EXPIRY,
        renewable=LineEvent.RENEW in LINE.allowed(row.state),
        auto_renew=auto,
        buckets=gauges(around.buckets.get(row.id, EMPTY)),
        wallet=wallet,
        next_action=next_action(row, lifeline, auto, number, now),
        grace_rule=policy.grace_rule,
        grace_service=cast("GraceService", policy.grace_service),
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
    cards: Sequence[LineCard], wallets: Sequence[Balance], now: datetime
) -> Sequence[Shortfall]:
    """Wallets that will be short within WARN_AHEAD."""
    found = []
    for wallet in wallets:
        due = [
            (one.auto_renew.next_try_at, one.auto_renew.price.total_minor)
            for one in cards
            if one.wallet == wallet
            and not one.auto_renew.charged
            and one.auto_renew.price
            and one.auto_renew.next_try_at
            and one.auto_renew.next_try_at <= now + WARN_AHEAD
        ]
        needed = sum(total for _, total in due)
        if needed > wallet.free_minor:
            missing = needed - wallet.free_minor
            found.append(Shortfall(wallet.currency, needed, missing, max(at for at, _ in due)))
    return found


WITHOUT_THEIR_NUMBER = (LineState.TERMINATED, LineState.RESERVED, LineState.PROVISIONING)
_WITHOUT_CLOCK: dict[LineState, NextKind] = {
    LineState.RESERVED: "set_up",
    LineState.PROVISIONING: "set_up",
    LineState.READY: "first_use",
    LineState.PAUSED: "paused",
    LineState.BLOCKED: "blocked",
    LineState.PORTING: "porting",
}


def went_on(row: LineRow, number: Number | None) -> bool:
    """Whether the number of a line that ended is on another line of the same holder."""
    mine = number is not None and number.account_id == row.account_id
    return mine and number is not None and number.line_id != row.id


def went_away(row: LineRow, number: Number | None) -> bool:
    """Whether the number of a line that ended went from it to another operator."""
    gone = number is not None and number.state == NumberState.PORTED_OUT
    return gone and number is not None and number.line_id == row.id


def next_action(
    row: LineRow,
    lifeline: Lifeline | None,
    auto: AutoRenewal,
    number: Number | None,
    now: datetime,
) -> NextAction:
    """What the clock will do to the line if nobody does anything. `number`: of one that ended, or
    has not begun."""
    if row.state == LineState.TERMINATED:
        return _after_its_end(row, lifeline, number, now)
    if row.dormant:
        return NextAction("dormant", None)
    if row.state in _WITHOUT_CLOCK or lifeline is None:
        return _without_clock(row, number)
    if auto.next_try_at is not None:
        return NextAction("renews", auto.next_try_at)
    if row.state == LineState.ACTIVE:
        return NextAction("consent" if auto.consent_needed else "runs_out", lifeline.valid_until)
    return _DOWNWARDS[row.state](lifeline)


def _without_clock(row: LineRow, number: Number | None) -> NextAction:
    if number is not None and number.state == NumberState.EXPECTED:
        return NextAction("expected", number.until_at)
    return NextAction(_WITHOUT_CLOCK.get(row.state, "set_up"), None)


def _after_its_end(
    row: LineRow, lifeline: Lifeline | None, number: Number | None, now: datetime
) -> NextAction:
    """What is somebody else's by now is not told: then the dates are those of the line."""
    if went_on(row, number):
        return NextAction("went_on", None)
    if went_away(row, number):
        return NextAction("ported", None)
    if number is not None and inventory.may_be_had_back(number, row.account_id, row.id, now):
        return NextAction("reclaimable", number.reclaim_until)
    if number is not None and number.line_id == row.id:
        return NextAction("lost", number.until_at)
    return NextAction("lost", lifeline.quarantine_until if lifeline else None)


_DOWNWARDS: dict[LineState, Callable[[Lifeline], NextAction]] = {
    LineState.GRACE: lambda lifeline: NextAction("suspends", lifeline.grace_until),
    LineState.SUSPENDED: lambda lifeline: NextAction("withdrawn", lifeline.suspended_until),
}
