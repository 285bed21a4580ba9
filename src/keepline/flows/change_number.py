"""`number.changed`: a line gets another number, and the one it had rests.

    start    T  key, the new number (held), line, wallet; the order with its fee set aside
    (deliver_order with flows.delivering.renumbering: the network is told the line under its new
    number; then both numbers change hands in one transaction, and the fee is earned)
    let_go   T  (inside advance) it ended without a new number: that one is on the shelf again

docs/numbers.md has it in prose, and what becomes of the old number.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from keepline.accounts.queries import sign_in_by
from keepline.catalog.queries import PolicyValues, policy_values
from keepline.flows import changing, wake
from keepline.flows.changing import ChangeRequest, Fee
from keepline.flows.delivering.renumbering import NewNumber
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import demand_identity, demand_other_sign_in
from keepline.flows.paying import StartedOrder, refusals, replay
from keepline.flows.steps import transaction_step
from keepline.inventory import holding
from keepline.inventory import queries as stock
from keepline.inventory.models import Number, StockKind
from keepline.ledger import queries as ledger_queries
from keepline.lines.services import LockedLine
from keepline.orders import queries as order_queries
from keepline.orders.models import OrderKind

ACTION = "number.changed"
SHOWN = 8  # free numbers among which the holder chooses


@dataclass(frozen=True, slots=True)
class NumberChangeRequest(ChangeRequest):
    """`e164`: the number that was chosen, None for any."""

    e164: int | None = None


@dataclass(frozen=True, slots=True)
class NumberChangePreview:
    """What a change would cost and do. `free`: numbers to choose from.

    `rests_days`: so long nobody gets the old number. `refusal`: why it cannot be done now, None
    when it can; `again_at`: from when on it can, where only time stands against it. `signs_in`: a
    member of the account does so with the old number.
    """

    fee: Fee
    free: list[int]
    rests_days: int
    refusal: FlowRefused | None
    again_at: datetime | None
    signs_in: bool = False


def preview(account_id: UUID, line_id: UUID, now: datetime) -> NumberChangePreview:
    """Decides without locks or writes. Raises FlowRefused("not_found")."""
    line = changing.line_as_seen(account_id, line_id)
    rules, refusal = policy_values(line.policy_id), None
    again_at = _again_at(line, rules, now)
    try:
        _demand(line, rules, now)
    except FlowRefused as refused:
        refusal = refused
    pools = _pools(line) if refusal is None else []
    free = [e164 for pool in pools for e164 in stock.free_numbers(pool, account_id, SHOWN)]
    fee = changing.fee_of(line, rules.number_change_fee_minor)
    signs_in = refusal is None and line.e164 is not None and bool(sign_in_by(line.e164, account_id))
    return NumberChangePreview(
        fee, free[:SHOWN], rules.quarantine_days, refusal, again_at, signs_in
    )


def start(request: NumberChangeRequest, now: datetime) -> StartedOrder:
    """Accepts a change, once for its key. Raises FlowRefused and then has changed nothing."""
    with refusals(), transaction_step("change_number.start"):
        started = _start(request, now)
    if started.first:
        wake.orders()
    return started


def _start(request: NumberChangeRequest, now: datetime) -> StartedOrder:
    digest = request.digest(request.e164)
    claim = changing.claim(request, "change_number", digest, now)
    if not claim.first:
        return replay(claim.order_id)
    seen = changing.line_as_seen(request.account_id, request.line_id)
    rules = policy_values(seen.policy_id)
    _demand(seen, rules, now)
    number = _hold(request, seen, now)
    line = changing.locked(seen)
    _demand(line, rules, now)
    fee = changing.charge(request, line, rules.number_change_fee_minor)
    held = {"number": number.e164}
    order = changing.draft(request, claim.order_id, OrderKind.NEW_NUMBER, line, fee, held, now)
    return changing.enter(order, line, "number.change_asked", now)


def _hold(request: NumberChangeRequest, line: LockedLine, now: datetime) -> Number:
    pools, account_id = _pools(line), request.account_id
    if request.e164 is None:
        return holding.hold_any(Number, pools, account_id, None, now, line.id)
    return holding.hold(Number, request.e164, account_id, None, now, pools, line.id)


def _pools(line: LockedLine) -> list[int]:
    return stock.pools_for(StockKind.NUMBER, line.carrier_id, changing.countries_of(line))


def _demand(line: LockedLine, rules: PolicyValues, now: datetime) -> None:
    currency = ledger_queries.currency_of(line.wallet_id)
    if line.e164 is None or currency not in rules.number_change_fee_minor:
        raise FlowRefused("number_change_refused")
    changing.demand_changeable(line, NewNumber.states, now)
    demand_other_sign_in(line.e164, line.account_id)
    demand_identity(line.account_id, line.policy_id)
    again_at = _again_at(line, rules, now)
    if again_at is not None:
        raise FlowRefused("number_change_too_soon", again_at=again_at.isoformat())


def _again_at(line: LockedLine, rules: PolicyValues, now: datetime) -> datetime | None:
    """From when on the number may be changed again; None: now."""
    last = order_queries.last_completed_at(line.id, line.account_id, OrderKind.NEW_NUMBER)
    at = last and last + timedelta(days=rules.number_change_days)
    return at if at is not None and now < at else None
