"""`line.closed`: a holder gives a line up; its number begins to rest.

    T  close_line.close    number and line under lock, the end, the letter

What is left of its time is lost, and nothing is paid back. Its last holder may have the number back
as after any end (reclaim_number): that is the way to think better of it. The network hears of it
as of every change of state.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from keepline.accounts.queries import sign_in_by
from keepline.audit import services as audit
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.flows import wake
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import demand_other_sign_in
from keepline.flows.line_at_network import let_network_follow
from keepline.flows.steps import transaction_step
from keepline.flows.sweeping.leaving import withdrawal_of
from keepline.inventory import services as inventory
from keepline.lines import queries as line_queries
from keepline.lines import services as lines
from keepline.lines.services import LockedLine
from keepline.messages import services as outbox
from keepline.orders import queries as orders

ACTION = "line.closed"
# A blocked line is staff's to close, and one whose number is leaving ends when it has left.
CLOSABLE = (
    LineState.READY,
    LineState.ACTIVE,
    LineState.GRACE,
    LineState.SUSPENDED,
    LineState.PAUSED,
)


@dataclass(frozen=True, slots=True)
class ClosingPreview:
    """What closing the line would do. `lost`: of its paid time; the rest is None without a number.

    `back_until`: so long only its holder may have the number back; `rests_until`: then somebody
    else may get it. `signs_in`: a member of the account does so with the number, and has an e-mail.
    """

    lost: timedelta
    back_until: datetime | None
    rests_until: datetime | None
    signs_in: bool = False


def preview(account_id: UUID, line_id: UUID, now: datetime) -> ClosingPreview:
    """Raises FlowRefused as `close` would."""
    try:
        line = lines.read_line(line_id, account_id)
    except lines.LineNotFound:
        raise FlowRefused("not_found") from None
    _demand_closable(line)
    lost = max(timedelta(0), (line.valid_until or now) - now)
    if line.e164 is None:
        return ClosingPreview(lost, None, None)
    leaving = withdrawal_of(line.policy_id, line.e164, now)
    signs_in = bool(sign_in_by(line.e164, account_id))
    return ClosingPreview(lost, leaving.reclaim_until, leaving.until_at, signs_in)


def close(account_id: UUID, line_id: UUID, actor: str, now: datetime) -> None:
    """Ends the line. Raises FlowRefused (not_found, closing_refused, order_under_way,
    sign_in_needed).

    Then nothing has changed; a line that is closed already is refused.
    """
    try:
        with transaction_step("close_line.close"):
            _close(account_id, line_id, actor, now)
    except lines.LineNotFound:
        raise FlowRefused("not_found") from None
    wake.outbox()


def _close(account_id: UUID, line_id: UUID, actor: str, now: datetime) -> None:
    e164 = line_queries.numbers_of(account_id, [line_id]).get(line_id)
    number = inventory.lock_number(e164) if e164 is not None else None
    line = lines.lock_line(line_id, account_id)
    if line.e164 != e164:  # it got another number while we waited for this one
        raise FlowRefused("order_under_way")
    _demand_closable(line)
    lines.transition(line, LineEvent.TERMINATE, actor, "closed", now)
    let_network_follow([line.id], now)
    if number is not None and number.line_id == line.id:
        inventory.withdraw_all([withdrawal_of(line.policy_id, number.e164, now)], now)
    outbox.put_all([("line.closed", account_id, line_id)], now)
    audit.record(ACTION, actor=actor, now=now, account_id=account_id, subject_id=line_id)


def _demand_closable(line: LockedLine) -> None:
    if line.state not in CLOSABLE or line.dormant:
        raise FlowRefused("closing_refused")
    # A payment in review keeps all lines of its account, as the clock has it (sweeping.leaving).
    in_review = orders.accounts_in_review([line.account_id])
    if in_review or orders.lines_with_orders([line.id], unpaid=True):
        raise FlowRefused("order_under_way")
    if line.e164 is not None:
        demand_other_sign_in(line.e164, line.account_id)
