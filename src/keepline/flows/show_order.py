"""Reads one order as its proof: what was promised, paid, sent and given, before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.accounts.models import Account
from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan
from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.flows.errors import FlowRefused
from keepline.flows.show_lines import LineCard, card, surroundings
from keepline.lines import queries as lines
from keepline.orders import queries as orders
from keepline.orders.models import Order
from keepline.payments import queries as payments
from keepline.payments.models import Payment

NUMBERED_WITHIN = timedelta(minutes=1)

Stage = Literal[
    "to_pay",  # the checkout is open
    "asking",  # no answer yet from the provider
    "delivering",  # paid, the network has not confirmed
    "done",
    "refunding",  # over without service, money on its way back
    "refunded",
    "to_wallet",  # the provider would not take it back: it lies in the wallet
    "cancelled",  # nothing was taken
]


@dataclass(frozen=True, slots=True)
class OrderView:
    """`line` and `plan` are None for a top-up. `resting`: nothing more will change by itself."""

    order: Order
    stage: Stage
    resting: bool
    payment: Payment | None
    account: Account
    line: LineCard | None
    plan: Plan | None
    buckets_before: Mapping[str, int | None]
    buckets_after: Mapping[str, int | None]
    network: Mapping[str, object]


def show_order(order_id: UUID, account_id: UUID, now: datetime) -> OrderView:
    """Raises FlowRefused("not_found") for an order of another account."""
    order = orders.order_of(order_id, account_id)
    if order is None:
        raise FlowRefused("not_found")
    payment = payments.of_order(order_id)
    proof = order.proof or {}
    stage = stage_of(order, payment)
    return OrderView(
        order=order,
        stage=stage,
        resting=_resting(order, stage, now),
        payment=payment,
        account=accounts.account(account_id),
        line=_line(order, account_id, now),
        plan=catalog.plans_among({order.plan_id}).get(order.plan_id) if order.plan_id else None,
        buckets_before=proof.get("buckets_before") or {},
        buckets_after=proof.get("buckets_after") or {},
        network=proof.get("network") or {},
    )


def stage_of(order: Order, payment: Payment | None) -> Stage:
    """How the order stands, in the words of somebody who waits for it."""
    if order.state == OrderState.COMPLETED:
        return "done"
    if order.state in (OrderState.IN_PROGRESS, OrderState.HELD):
        return "delivering"
    if order.state == OrderState.ACKNOWLEDGED:
        return "to_pay" if payment is None or payment.checkout_url else "asking"
    if payment is None or payment.captured_minor == 0:
        return "cancelled"
    if payment.state == PaymentState.REFUNDING:
        return "refunding"
    return "refunded" if payment.refunded_minor else "to_wallet"


def _resting(order: Order, stage: Stage, now: datetime) -> bool:
    if stage == "done":
        # The receipt's number follows within seconds; a page open for it looks again till then.
        ended_at = order.completed_at or now
        return order.receipt_number is not None or now - ended_at > NUMBERED_WITHIN
    return stage in ("refunded", "to_wallet", "cancelled")


def _line(order: Order, account_id: UUID, now: datetime) -> LineCard | None:
    if order.line_id is None:
        return None
    row = lines.line_of(order.line_id, account_id)
    return card(row, surroundings(account_id, [row], [], now), now) if row else None
