"""The money and service of one order, inside the caller's transaction.

Where the parts of an order's money stand (docs/ledger.md):

    wallet part    held at the start, unless the order is over in the same transaction
    payment part   comes into the wallet at capture; held then if the network still has to answer,
                   or a person to look at it
    at the end     holds are posted, what was not held is sold at once, tax is set apart
    or             holds are voided, and what a provider took goes back to it
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from keepline.catalog import queries as catalog
from keepline.catalog.queries import PlanOffer, policy_values
from keepline.core import postings
from keepline.core.allowances import NOTHING, Allowance
from keepline.core.lifecycle.order import OrderEvent, OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.core.money import Money
from keepline.core.terms import Period, next_period
from keepline.flows import bring_number
from keepline.gateways import switchboard
from keepline.ledger import services as ledger
from keepline.lines import services as lines
from keepline.messages import services as outbox
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order, OrderKind
from keepline.payments import refunds
from keepline.payments.models import Payment
from keepline.slots.sql import together
from keepline.usage import queries as usage

DOWN_TIMES, LONGEST_PROMISE = 6, timedelta(days=1)
CALLED_OFF = "called_off"  # by its buyer, before its number came along (cancel_order)
REVIEWED_WITHIN = timedelta(hours=24)  # then it goes back by itself


def sale_of(order: Order) -> postings.Sale:
    """What the ledger must know of an order."""
    return postings.Sale(
        order_id=order.id,
        wallet_id=order.wallet_id,
        currency=order.currency,
        wallet_minor=order.wallet_minor,
        payment_minor=order.payment_minor,
        tax_minor=order.tax_minor,
    )


def money_of(order: Order, payment: Payment) -> postings.Sale:
    """The same for what a provider took: it may have been another currency than the order's."""
    if payment.currency == order.currency:
        return sale_of(order)
    wallet_id = ledger.wallet_id_of(order.account_id, payment.currency)
    return replace(sale_of(order), currency=payment.currency, wallet_id=wallet_id)


def is_exchanged(order: Order, payment: Payment) -> bool:
    """Whether the provider took what the holder had agreed to in another currency."""
    taken = Money(payment.captured_minor, payment.currency)
    return order.exchange is not None and taken == order.asked


def captured(order: Order, payment: Payment) -> list[postings.TransferDraft]:
    """What the provider took comes into the wallet, in the order's currency if that was agreed."""
    if is_exchanged(order, payment):
        return postings.capture_exchanged(sale_of(order), payment.provider, order.asked)
    return postings.capture(money_of(order, payment), payment.provider, payment.captured_minor)


def held_parts(order: Order) -> tuple[postings.Part, ...]:
    """Which parts of the order's money are on hold, as its state tells."""
    waits_for_network = order.delivery == "network"
    settled = order.state in (OrderState.IN_PROGRESS, OrderState.HELD)
    in_review = order.state == OrderState.PENDING
    parts: list[postings.Part] = []
    if (
        order.wallet_minor
        and not order._state.adding
        and (waits_for_network or order.payment_minor)
    ):
        parts.append("wallet")
    if order.payment_minor and (in_review or (waits_for_network and settled)):
        parts.append("payment")
    return tuple(parts)


def hold_wallet_part(order: Order, now: datetime) -> None:
    """Sets the wallet's part aside until the order ends."""
    if order.wallet_minor:
        ledger.book(order.slot, postings.hold(sale_of(order), "wallet"), now)


def deliver_by_network(order: Order, promise_seconds: int, now: datetime) -> None:
    """The money is there; from now on the promise runs, longer while the network is down.

    The caller holds the line's lock, so the orders of one line get their `settled_at` one after
    the other: it is the order in which the network is told (deliver_order).
    """
    before = order_queries.last_settled_at(order)
    promise = promised(promise_seconds, needed_by(order))
    if bring_number.is_brought(order):  # first the other operator must say when
        promise = bring_number.ANSWERED_WITHIN
    orders.transition(
        order,
        OrderEvent.SETTLE,
        now,
        delivery="network",
        settled_at=now if before is None else max(now, before + timedelta.resolution),
        promise_until=now + promise,
        next_action_at=now,
        attempts=0,
    )


def needed_by(order: Order) -> Collection[tuple[str, str]]:
    """The elements that an order needs: (port, carrier). The caller has the line's lock."""
    carrier = ""
    if switchboard.has_own("network") or switchboard.has_own("smdp_plus"):
        on = lines.read_line(order.served_line, order.account_id).carrier_id
        carrier = catalog.carrier_codes().get((order.stock or {}).get("carrier") or on or 0, "")
    ports = ("network", "smdp_plus") if "profile" in (order.stock or {}) else ("network",)
    return [(port, carrier) for port in ports]


def promised(
    promise_seconds: int, needed: Collection[tuple[str, str]] = (("network", ""),)
) -> timedelta:
    """How long an order may wait now: longer while what it needs is known to be down."""
    promise = timedelta(seconds=promise_seconds)
    if any(switchboard.is_down(port, carrier) for port, carrier in needed):
        return max(promise, min(DOWN_TIMES * promise, LONGEST_PROMISE))
    return promise


def wait_for_review(order: Order, now: datetime) -> None:
    """The money is there, and is set aside until a person has looked (review_payment)."""
    until = now + REVIEWED_WITHIN
    orders.transition(
        order,
        OrderEvent.REVIEW,
        now,
        settled_at=now,
        promise_until=until,
        next_action_at=until,
        attempts=0,
    )
    ledger.book(order.slot, postings.hold(sale_of(order), "payment"), now)
    outbox.put("order.in_review", order.account_id, order.line_id, order.id, now)


def complete_sale(
    order: Order,
    line: lines.LockedLine,
    offer: PlanOffer,
    period: Period,
    now: datetime,
    network: dict[str, Any] | None = None,
    left: Allowance | None = None,
) -> None:
    """Extends the line, posts the money, writes the proof and tells the holder.

    `left`: what the line has to use before it, where the caller knows.
    """
    told = "line.bought" if order.kind == OrderKind.PURCHASE else "line.renewed"
    fresh, held = order._state.adding, held_parts(order)
    columns = {
        "valid_until_before": line.valid_until,
        "valid_until_after": period.end_at,
        "settled_at": order.settled_at or now,
        "proof": _proof(order, offer, now, network, left),
    }
    if fresh:  # moves in memory, is written below where it got to
        orders.transition(order, OrderEvent.COMPLETE, now, **columns)
    with together():
        grant = lines.Grant(order.id, offer.plan_id, period, offer.allowance)
        lines.extend(line, grant, order.actor, now)
        ledger.book(order.slot, postings.sell(sale_of(order), held), now)
        outbox.put(told, order.account_id, line.id, order.id, now)
        if fresh:
            orders.insert_order(order)
    if not fresh:
        orders.transition(order, OrderEvent.COMPLETE, now, **columns)


def period_of(order: Order, line: lines.LockedLine, offer: PlanOffer) -> Period:
    """The period an accepted order gives, found under the line's lock.

    Counted from the instant of acceptance, so that it is the one the preview showed; an order
    accepted before another one was confirmed is stacked after that one.
    """
    return period_from(order.accepted_at, line, offer)


def period_from(at: datetime, line: lines.LockedLine, offer: PlanOffer) -> Period:
    """The same, counted from another instant."""
    return next_period(
        now=at,
        valid_until=line.valid_until,
        anchor_at=line.anchor_at,
        anchor_count=line.anchor_count,
        zone=line.time_zone,
        term=offer.term,
        grace_rule=policy_values(line.policy_id).grace_rule,
    )


def _proof(
    order: Order,
    offer: PlanOffer,
    now: datetime,
    network: dict[str, Any] | None,
    left: Allowance | None,
) -> dict[str, Any]:
    proof: dict[str, Any] = {"plan": offer.code, "network": network or {"outcome": "unchanged"}}
    if offer.allowance != NOTHING:  # a plan that brings no bucket leaves all as they were
        before = usage.left(order.served_line, now) if left is None else left
        proof["buckets_before"] = before.as_facts()
        proof["buckets_after"] = before.plus(offer.allowance).as_facts()
    return proof


def send_back(order: Order, payment: Payment, now: datetime) -> list[postings.TransferDraft]:
    """All that a provider took for an order without service goes back, by itself."""
    refund = refunds.open_by_itself(payment, now)
    if is_exchanged(order, payment):
        return postings.begin_exchanged_refund(
            sale_of(order), refund.id, order.payment_minor, order.asked
        )
    return postings.begin_refund(money_of(order, payment), refund.id, refund.method_minor)


def give_back(
    order: Order, payment: Payment | None, event: OrderEvent, code: str, now: datetime
) -> None:
    """Ends an order without service: holds are voided, a provider's money goes back to it."""
    drafts = postings.void(sale_of(order), held_parts(order))
    columns: dict[str, Any] = {"failure_code": code}
    if payment is not None and payment.state == PaymentState.CAPTURED:
        drafts += send_back(order, payment, now)
        columns["next_action_at"] = now
    if order.stock:  # somebody must put it back on the shelf (flows.delivering)
        columns["next_action_at"] = now
    ledger.book(order.slot, drafts, now)
    orders.transition(order, event, now, attempts=0, **columns)
    outbox.put(_news(order, event, code), order.account_id, order.line_id, order.id, now)


def _news(order: Order, event: OrderEvent, code: str) -> str:
    """What the holder is told of an order that has ended without service."""
    if event is OrderEvent.CANCEL and order.channel == order_queries.BY_CLOCK:
        return "line.approval_needed" if code == "approval_needed" else "line.charge_failed"
    kinds = {
        OrderEvent.CANCEL: "order.cancelled",
        OrderEvent.CALL_OFF: "order.called_off",
        OrderEvent.WITHDRAW: "order.withdrawn",
    }
    return kinds.get(event, "order.failed")
