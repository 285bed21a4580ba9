"""`number.reclaimed`: the last holder has a number back that was withdrawn, while it rests.

    T  reclaim_number.reclaim   key, number, line, wallet; the number's next period, the line that
                                follows, the order with its fee, the letter

Within the window that the line's policy gives, and for the line that had the number last. Whoever
else asks, and whenever else, hears not_found: that there is no such line, that it is another's,
that it still lives, that its number is somebody else's by now and that the window is over are one
answer. docs/reclaim.md tells what the holder gets.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.audit import services as audit
from keepline.catalog.queries import policy_values
from keepline.core import postings
from keepline.core.ids import derived_id
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderEvent, OrderState
from keepline.flows import changing, wake
from keepline.flows.changing import ChangeRequest
from keepline.flows.errors import FlowRefused
from keepline.flows.line_at_network import let_network_follow
from keepline.flows.paying import StartedOrder, refusals, replay
from keepline.flows.sale import sale_of
from keepline.flows.steps import transaction_step
from keepline.inventory import queries as numbers
from keepline.inventory import services as inventory
from keepline.inventory.models import Number
from keepline.ledger import queries as ledger_queries
from keepline.ledger import services as ledger
from keepline.lines import queries as line_queries
from keepline.lines import services as lines
from keepline.lines.queries import LineRow
from keepline.lines.succession import succeed
from keepline.messages import services as outbox
from keepline.orders import services as orders
from keepline.orders.models import Order, OrderKind

ACTION = "number.reclaimed"


@dataclass(frozen=True, slots=True)
class ReclaimRequest(ChangeRequest):
    """`line_id` is the line that ended."""


def reclaim(request: ReclaimRequest, now: datetime) -> StartedOrder:
    """Gives the number back, once for the key; the order's line is the one that follows.

    Raises FlowRefused (not_found, price_changed, wallet_short, key_reused, busy) and then has
    changed nothing.
    """
    with refusals(), transaction_step("reclaim_number.reclaim"):
        started = _reclaim(request, now)
    if started.first:
        wake.outbox()
    return started


def _reclaim(request: ReclaimRequest, now: datetime) -> StartedOrder:
    claim = changing.claim(request, "reclaim_number", request.digest(), now)
    if not claim.first:
        return replay(claim.order_id)
    clock_id = clocks.clock_of_new_line(request.account_id)  # before numbers and lines
    number = _resting_number(request, now)
    ended = _ended_line(request)
    currency = ledger_queries.currency_of(ended.wallet_id)
    fee_minor = policy_values(ended.policy_id).reclaim_fee_minor.get(currency, 0)
    seen = request.expected_fee_minor, request.expected_currency
    if seen[0] not in (None, fee_minor) or seen[1] not in (None, currency):
        raise FlowRefused("price_changed", total_minor=fee_minor)
    if ledger.lock_wallet(ended.wallet_id) < fee_minor:
        raise FlowRefused("wallet_short")
    order = _order(request, ended, claim.order_id, currency, fee_minor, now)
    _give_back(number, ended, order, clock_id, now)
    return StartedOrder(order, order.id, OrderState(order.state), needs_payment=False, first=True)


def _resting_number(request: ReclaimRequest, now: datetime) -> Number:
    """The number under lock, when it may be had back; it is looked at before, so that a former
    holder neither waits for the one who has it now nor holds them up."""
    e164 = line_queries.numbers_of(request.account_id, [request.line_id]).get(request.line_id)
    seen = numbers.number(e164) if e164 is not None else None
    if seen is not None and _is_theirs(seen, request, now):
        locked = inventory.lock_number(seen.e164)
        if _is_theirs(locked, request, now):
            return locked
    raise FlowRefused("not_found")


def _is_theirs(number: Number, request: ReclaimRequest, now: datetime) -> bool:
    return numbers.may_be_had_back(number, request.account_id, request.line_id, now)


def _ended_line(request: ReclaimRequest) -> LineRow:
    """The line, under lock; its number rests, so it has ended and stays as it is."""
    state = lines.lock_line(request.line_id, request.account_id).state
    row = line_queries.line_of(request.line_id, request.account_id)
    if row is None or state is not LineState.TERMINATED:
        raise FlowRefused("not_found")
    return row


def _order(
    request: ReclaimRequest,
    ended: LineRow,
    order_id: UUID,
    currency: str,
    fee_minor: int,
    now: datetime,
) -> Order:
    order = orders.new_order(
        order_id,
        account_id=request.account_id,
        line_id=derived_id(order_id, "line"),
        wallet_id=ended.wallet_id,
        kind=OrderKind.RECLAIM,
        currency=currency,
        subtotal_minor=fee_minor,
        total_minor=fee_minor,
        wallet_minor=fee_minor,
        proof={"follows": str(ended.id)},
        actor=request.actor,
        channel=request.channel,
        seller=request.seller,
        accepted_at=now,
        settled_at=now,
    )
    orders.transition(order, OrderEvent.COMPLETE, now)
    return order


def _give_back(number: Number, ended: LineRow, order: Order, clock_id: int, now: datetime) -> None:
    """Everything that the order is for, in the order of the locks."""
    successor_id = order.served_line
    inventory.reclaim(number, successor_id, now)
    iccid = ended.iccid
    if iccid is not None and not inventory.pass_card_on(iccid, ended.id, successor_id):
        iccid = None  # the card serves another line by now; the number needs a new one
    succeed(ended, successor_id, iccid, order.id, clock_id, order.actor, now)
    let_network_follow([successor_id], now)
    ledger.book(order.slot, postings.charge_fee(sale_of(order)), now)
    orders.insert_order(order)
    outbox.put("number.reclaimed", order.account_id, successor_id, order.id, now)
    audit.record(
        ACTION,
        actor=order.actor,
        now=now,
        account_id=order.account_id,
        subject_id=successor_id,
        facts={"follows": str(ended.id), "order": str(order.id)},
    )
