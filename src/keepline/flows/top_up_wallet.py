"""`wallet.topped_up`: money into the wallet.

start    T  key, order, payment (then open_payment and settle_payment as for a renewal)
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keepline.core.ids import slot_of
from keepline.core.lifecycle.order import OrderState
from keepline.core.money import exponent
from keepline.core.velocity import Asked
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import NOBODY, Caller, admit_payment
from keepline.flows.list_currencies import has_currency
from keepline.flows.list_ways_to_pay import can_take
from keepline.flows.paying import PROMISE_TO_OPEN, StartedOrder, refusals, replay
from keepline.flows.steps import transaction_step
from keepline.ledger import services as ledger
from keepline.orders import services as orders
from keepline.orders.models import OrderKind
from keepline.payments import services as payments
from keepline.payments.limits import in_force
from keepline.payments.ways import step_of

ACTION = "wallet.topped_up"
SMALLEST_UNITS = 1  # whole units of the currency; hundreds of one without smaller ones


@dataclass(frozen=True, slots=True)
class TopUpRequest:
    """`amount_minor` in minor units of `currency`; `key` made by the client.

    `caller`: for the limits against fraud; the key does not stand for it.
    """

    account_id: UUID
    amount_minor: int
    currency: str
    provider: str
    key: str
    actor: str
    channel: str
    seller: str = "house"
    caller: Caller = NOBODY

    def digest(self) -> bytes:
        """SHA-256 of what the key stands for."""
        body = [self.amount_minor, self.currency, self.provider]
        return hashlib.sha256(json.dumps(body).encode()).digest()


def limits_minor(currency: str) -> tuple[int, int]:
    """The smallest and largest amount of one top-up, in minor units.

    The largest is what the limits against fraud let a day hold, which the operator tunes.
    """
    scale = 100 if exponent(currency) == 0 else 1
    smallest = SMALLEST_UNITS * 10 ** exponent(currency) * scale
    largest = min(most for _span, most in in_force().sums_minor(currency))
    return min(smallest, largest), largest


def start(request: TopUpRequest, now: datetime) -> StartedOrder:
    """Accepts a top-up, once for its key. Raises FlowRefused and then has changed nothing."""
    if not has_currency(request.account_id, request.currency, now):
        raise FlowRefused("not_found")
    smallest, largest = limits_minor(request.currency)
    step = step_of(request.currency, [request.provider])
    if not smallest <= request.amount_minor <= largest or request.amount_minor % step:
        limits = {"smallest_minor": smallest, "largest_minor": largest, "step_minor": step}
        raise FlowRefused("amount_refused", **limits)
    asked = (request.provider, request.account_id, request.currency, request.amount_minor)
    if not can_take(*asked):
        raise FlowRefused("provider_unknown")
    with refusals(), transaction_step("top_up_wallet.start"):
        return _start(request, now)


def _start(request: TopUpRequest, now: datetime) -> StartedOrder:
    slot = slot_of(request.account_id)
    claim = orders.claim_key(
        slot, request.actor, "top_up_wallet", request.key, request.digest(), now
    )()
    if not claim.first:
        return replay(claim.order_id)
    wallet = ledger.open_wallet(request.account_id, request.currency)
    asked = Asked(request.provider, request.currency, request.amount_minor, now)
    admit_payment(request.account_id, request.caller, asked)
    order = orders.new_order(
        claim.order_id,
        account_id=request.account_id,
        wallet_id=wallet.id,
        kind=OrderKind.TOP_UP,
        currency=request.currency,
        subtotal_minor=request.amount_minor,
        total_minor=request.amount_minor,
        payment_minor=request.amount_minor,
        actor=request.actor,
        channel=request.channel,
        seller=request.seller,
        accepted_at=now,
        next_action_at=now + PROMISE_TO_OPEN,
    )
    orders.insert_order(order)
    payments.create_payment(order, request.provider, now)
    return StartedOrder(order, order.id, OrderState(order.state), needs_payment=True, first=True)
