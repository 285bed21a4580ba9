"""`port.authorised`: a holder asks for the code by which another operator may take the number.

    T  authorise_port.open    number and line under lock, the way out, the letter

The code is shown only after the cooling-off of the line's policy (reveal_port_code): whoever has
got into an account cannot take its number away before its owner could read a letter. Asked again
while one is on its way, nothing changes. docs/numbers.md has it in prose.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from keepline.audit import services as audit
from keepline.catalog.queries import policy_values
from keepline.core.lifecycle.line import LINE, LineEvent, LineState
from keepline.core.lifecycle.number import NumberState
from keepline.core.lifecycle.port_out import PortOutEvent, PortOutState
from keepline.flows import changing, wake
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import demand_other_sign_in
from keepline.flows.steps import transaction_step
from keepline.gateways import switchboard
from keepline.inventory import queries as stock
from keepline.inventory import services as inventory
from keepline.lines.services import LockedLine
from keepline.messages import services as outbox
from keepline.orders import queries as order_queries
from keepline.orders.models import OrderKind
from keepline.porting import services as portings
from keepline.porting.models import PortOut

ACTION = "port.authorised"
MAY_LEAVE = tuple(state for state in LineState if LineEvent.PORT_OUT in LINE.allowed(state))


@dataclass(frozen=True, slots=True)
class PortOutPreview:
    """What asking would come to. `refusal`: why it cannot be done now, None when it can.

    `again_at`: from when on it can, where only time stands against it.

    `ready_at`: when the code would be shown. `code_days`: it is good for so long from then on;
    `notice_hours`: so long before the number goes its holder is told and may keep it.
    """

    ready_at: datetime
    code_days: int
    notice_hours: int
    refusal: FlowRefused | None
    again_at: datetime | None


def preview(account_id: UUID, line_id: UUID, now: datetime) -> PortOutPreview:
    """Decides without locks or writes. Raises FlowRefused("not_found")."""
    line = changing.line_as_seen(account_id, line_id)
    rules, refusal = policy_values(line.policy_id), None
    try:
        _demand(line, now)
    except FlowRefused as refused:
        refusal = refused
    return PortOutPreview(
        ready_at=now + timedelta(hours=rules.port_out_wait_hours),
        code_days=rules.port_out_code_days,
        notice_hours=rules.port_out_notice_hours,
        refusal=refusal,
        again_at=_again_at(line, now),
    )


def authorise(account_id: UUID, line_id: UUID, actor: str, now: datetime) -> datetime:
    """From when on the code is shown. Raises FlowRefused, and then has changed nothing."""
    with transaction_step("authorise_port.open"):
        seen = changing.line_as_seen(account_id, line_id)
        _demand(seen, now)
        assert seen.e164 is not None
        inventory.lock_number(seen.e164)
        line = changing.locked(seen)
        _demand(line, now)
        known = _still_good(portings.lock_under_way(line.id), now)
        if known is not None:
            return known.ready_at
        rules = policy_values(line.policy_id)
        ready_at = now + timedelta(hours=rules.port_out_wait_hours)
        until = ready_at + timedelta(days=rules.port_out_code_days)
        portings.open_way(line, ready_at, until, actor, now)
        outbox.put_all([("port.asked", account_id, line_id)], now)
        audit.record(ACTION, actor=actor, now=now, account_id=account_id, subject_id=line_id)
    wake.outbox()
    return ready_at


def _still_good(known: PortOut | None, now: datetime) -> PortOut | None:
    if known is not None and known.state == PortOutState.OPEN and known.valid_until <= now:
        portings.transition(known, PortOutEvent.LAPSE, now)
        return None
    return known


def _demand(line: LockedLine, now: datetime) -> None:
    if not switchboard.has("porting"):
        raise FlowRefused("no_porting")
    number = stock.number(line.e164) if line.e164 is not None else None
    if number is None or number.state != NumberState.ASSIGNED:
        raise FlowRefused("change_refused")
    changing.demand_changeable(line, MAY_LEAVE, now)
    demand_other_sign_in(number.e164, line.account_id)
    again_at = _again_at(line, now)
    if again_at is not None:
        raise FlowRefused("port_too_soon", again_at=again_at.isoformat())


def _again_at(line: LockedLine, now: datetime) -> datetime | None:
    """From when on the number may be asked for: some days after it came, or its SIM was another."""
    began_at = stock.held_since(line.e164, line.id) if line.e164 is not None else None
    swapped_at = order_queries.last_completed_at(line.id, line.account_id, OrderKind.NEW_SIM)
    last = max((at for at in (began_at, swapped_at) if at is not None), default=None)
    at = last and last + timedelta(days=policy_values(line.policy_id).port_out_after_days)
    return at if at is not None and now < at else None
