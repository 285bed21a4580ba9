"""Opens lines: one that lives already, and one that is being bought."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.core.allowances import Allowance
from keepline.core.ids import derived_id, slot_of
from keepline.core.lifecycle.line import LineState
from keepline.lines import clock
from keepline.lines.models import Extension, Line, Validity
from keepline.lines.services import LockedLine
from keepline.slots.sql import fetch_one

LOCK_KIND = 1_263_290_702  # "KLIN" in ASCII: the first half of the advisory lock's key


def one_purchase_at_a_time(account_id: UUID) -> None:
    """Of one account: until the caller's transaction ends nobody else counts its lines to buy."""
    low = account_id.int & 0x7FFF_FFFF
    fetch_one("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK_KIND, low))


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line as it is when it comes to us. Instants UTC; `order_id` is its opening order's."""

    id: UUID
    account_id: UUID
    wallet_id: UUID
    order_id: UUID
    kind: str
    label: str
    e164: int | None
    iccid: str | None
    carrier_id: int | None
    time_zone: str
    plan_id: int
    policy_id: int
    state: LineState
    started_at: datetime
    valid_until: datetime
    allowance: Allowance
    since_at: datetime | None = None  # when grace or suspension began
    auto_renew: bool = False
    lead_days: int | None = None
    dormant: bool = False


def reserve_line(line: LockedLine, label: str, now: datetime) -> None:
    """Writes a line that is being bought: reserved, without a period and without a clock.

    `line` has what it will be; its number and SIM are held for it.
    """
    slot = slot_of(line.id)
    Line.objects.create(
        slot=slot,
        id=line.id,
        account_id=line.account_id,
        kind=line.kind,
        label=label,
        e164=line.e164,
        iccid=line.iccid,
        carrier_id=line.carrier_id,
        opened_at=now,
    )
    Validity.objects.create(
        slot=slot,
        id=line.id,
        account_id=line.account_id,
        wallet_id=line.wallet_id,
        state=LineState.RESERVED,
        time_zone=line.time_zone,
        plan_id=line.plan_id,
        policy_id=line.policy_id,
        clock_id=clocks.clock_of_new_line(line.account_id),
    )


def open_line(facts: LineFacts, now: datetime) -> Line:
    """Writes line, clock and first extension. The caller has locked and assigned the number."""
    slot = slot_of(facts.id)
    due = clock.first_of(facts, facts.state, clock.start_of(facts), now)
    line: Line = Line.objects.create(
        slot=slot,
        id=facts.id,
        account_id=facts.account_id,
        kind=facts.kind,
        label=facts.label,
        e164=facts.e164,
        iccid=facts.iccid,
        carrier_id=facts.carrier_id,
        opened_at=facts.started_at,
        activated_at=facts.started_at,
    )
    Validity.objects.create(
        slot=slot,
        id=facts.id,
        account_id=facts.account_id,
        wallet_id=facts.wallet_id,
        state=facts.state,
        time_zone=facts.time_zone,
        plan_id=facts.plan_id,
        policy_id=facts.policy_id,
        valid_until=facts.valid_until,
        anchor_at=facts.valid_until,
        anchor_count=0,
        since_at=facts.since_at,
        auto_renew=facts.auto_renew,
        lead_days=facts.lead_days,
        dormant=facts.dormant,
        clock_id=clocks.clock_of_new_line(facts.account_id),
        next_step=due.step if due else None,
        next_action_at=due.at if due else None,
    )
    Extension.objects.create(
        slot=slot,
        id=derived_id(facts.order_id, "extension"),
        line_id=facts.id,
        order_id=facts.order_id,
        plan_id=facts.plan_id,
        period_start=facts.started_at,
        period_end=facts.valid_until,
        anchor_at=facts.valid_until,
        anchor_count=0,
        granted_at=facts.started_at,
        data_bytes=facts.allowance.data_bytes,
        voice_seconds=facts.allowance.voice_seconds,
        sms_count=facts.allowance.sms_count,
    )
    return line
