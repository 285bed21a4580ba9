"""A line that follows one that ended: the same holder and number, a life of its own."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from keepline.core.ids import derived_id, slot_of
from keepline.core.lifecycle.line import LINE, LineEvent, LineState
from keepline.lines import clock
from keepline.lines.models import Line, Validity
from keepline.lines.models import LineEvent as LineEventRow
from keepline.lines.queries import LineRow


def succeed(
    ended: LineRow,
    line_id: UUID,
    iccid: str | None,
    order_id: UUID,
    clock_id: int,
    actor: str,
    now: datetime,
) -> LineState:
    """Opens `line_id` with what `ended` was, and says in its history how it came to be.

    It brings no time: it is suspended from `now` on, for as long as its policy keeps a suspended
    line, and lives when somebody renews it. It does not renew by itself.
    """
    slot, state = slot_of(line_id), LINE.next(LineState.RESERVED, LineEvent.RECLAIM)
    row = replace(
        ended, state=state, valid_until=None, since_at=now, auto_renew=False, dormant=False
    )
    due = clock.first_of(row, state, now, now)
    Line.objects.create(
        slot=slot,
        id=line_id,
        account_id=row.account_id,
        kind=row.kind,
        label=row.label,
        e164=row.e164,
        iccid=iccid,
        carrier_id=row.carrier_id,
        opened_at=now,
    )
    Validity.objects.create(
        slot=slot,
        id=line_id,
        account_id=row.account_id,
        wallet_id=row.wallet_id,
        state=state,
        time_zone=row.time_zone,
        plan_id=row.plan_id,
        policy_id=row.policy_id,
        since_at=now,
        lead_days=row.lead_days,
        next_step=due.step if due else None,
        next_action_at=due.at if due else None,
        clock_id=clock_id,
    )
    LineEventRow.objects.create(
        slot=slot,
        id=derived_id(order_id, "line_event"),
        line_id=line_id,
        event=LineEvent.RECLAIM,
        source=LineState.RESERVED,
        target=state,
        actor=actor,
        cause="reclaimed",
        order_id=order_id,
        occurred_at=now,
    )
    return state
