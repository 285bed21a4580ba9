"""Reads one order as its proof: what was promised, paid, sent and given, before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.accounts.models import Account
from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan, Policy
from keepline.core.exchange import Exchange
from keepline.core.lifecycle.line import LineState
from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.refund import RefundState
from keepline.core.lifeline import Lifeline, lifeline_of
from keepline.flows.errors import FlowRefused
from keepline.flows.show_lines import LineCard, card, surroundings
from keepline.lines import queries as lines
from keepline.lines.queries import LineRow
from keepline.orders import queries as orders
from keepline.orders.models import CHANGES, Order, OrderKind
from keepline.payments import disputes, refunds
from keepline.payments import queries as payments
from keepline.payments.models import Dispute, Payment, Refund

NUMBERED_WITHIN = timedelta(minutes=1)

Stage = Literal[
    "to_pay",  # the checkout is open
    "asking",  # no answer yet from the provider
    "in_review",  # paid, and a person looks at it first
    "delivering",  # paid, the network has not confirmed
    "done",
    "refunding",  # over without service, money on its way back
    "refunded",
    "disputed",  # over without service, and the payer's bank has the money
    "to_wallet",  # the provider would not take it back: it lies in the wallet
    "cancelled",  # nothing was taken
]


STAGES: Mapping[OrderState, Stage] = {  # of the others, the payment tells
    OrderState.PENDING: "in_review",
    OrderState.IN_PROGRESS: "delivering",
    OrderState.HELD: "delivering",
    OrderState.COMPLETED: "done",
}
StepKind = Literal[
    "ordered",
    "paid",
    "reviewed",
    "sent",
    "confirmed",
    "extended",
    "given_back",
    "changed",
    "booked",
    "ended",
    "refunded",
]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the order's way. `at` is None where no instant is kept."""

    kind: StepKind
    state: Literal["done", "now", "next"]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderView:
    """`line` is None for a top-up, `plan` for all but a renewal.

    `resting`: nothing more will change by itself. `taken_minor`: of `taken_currency`.
    `exchange`: in which other currency the provider's part was to be paid, None in the order's.
    """

    order: Order
    stage: Stage
    resting: bool
    steps: Sequence[Step]
    taken_minor: int  # what the order took, or would take, of wallet and provider together
    payment: Payment | None
    exchange: Exchange | None
    account: Account
    line: LineCard | None
    lifeline: Lifeline | None  # at the order's instant, with the piece that it added
    plan: Plan | None
    buckets_before: Mapping[str, int | None]
    buckets_after: Mapping[str, int | None]
    network: Mapping[str, object]
    refunds: Sequence[Refund]  # those that staff gave, the first first
    disputes: Sequence[Dispute]

    @property
    def ended(self) -> bool:
        """Whether a refund took the order's service back."""
        return any(each.ends_service for each in self.refunds) or any(
            each.ends_service for each in self.disputes
        )

    @property
    def taken_currency(self) -> str:
        """The order's, but for what a provider alone took, and kept."""
        if (
            self.stage in ("done", "in_review", "delivering", "to_pay", "asking")
            or self.payment is None
        ):
            return self.order.currency
        return self.payment.currency

    @property
    def reference(self) -> str:
        """The end of the id, for people to say on the phone."""
        return str(self.order.id)[-12:]


def show_order(order_id: UUID, account_id: UUID, now: datetime) -> OrderView:
    """Raises FlowRefused("not_found") for an order of another account."""
    order = orders.order_of(order_id, account_id)
    if order is None or order.kind == OrderKind.OPENING:  # an import is nobody's order
        raise FlowRefused("not_found")
    payment = payments.of_order(order_id)
    proof = order.proof or {}
    row = lines.line_of(order.line_id, account_id) if order.line_id else None
    around = surroundings(account_id, [row], [], now, {}) if row else None
    stage = stage_of(order, payment)
    given = [each for each in refunds.of_order(order_id) if each.scope and is_told(each)]
    given_back = sum(each.amount_minor for each in given)
    return OrderView(
        order=order,
        stage=stage,
        resting=_resting(order, stage, payment, now),
        steps=steps_of(order, stage),
        taken_minor=_taken_minor(order, stage, payment, given_back),
        payment=payment,
        exchange=Exchange.of_facts(order.exchange) if order.exchange else None,
        account=accounts.account(account_id),
        line=card(row, around, now) if row and around else None,
        lifeline=_lifeline(order, row, around.policies[row.policy_id]) if row and around else None,
        plan=catalog.plans_among({order.plan_id}).get(order.plan_id) if order.plan_id else None,
        buckets_before=proof.get("buckets_before") or {},
        buckets_after=proof.get("buckets_after") or {},
        network=proof.get("network") or {},
        refunds=given,
        disputes=disputes.of_order(order_id) if payment else [],
    )


def is_told(refund: Refund) -> bool:
    """What waits for a second person, or was refused by one, is not the holder's business."""
    return refund.state not in (RefundState.REQUESTED, RefundState.REJECTED)


def stage_of(order: Order, payment: Payment | None) -> Stage:
    """How the order stands, in the words of somebody who waits for it."""
    if order.state in STAGES:
        return STAGES[OrderState(order.state)]
    if order.state == OrderState.ACKNOWLEDGED:
        return "to_pay" if payment is None or payment.checkout_url else "asking"
    if payment is None or payment.captured_minor == 0:
        return "cancelled"
    if payment.refunding_minor:
        return "refunding"
    if payment.refunded_minor:
        return "refunded"
    return "disputed" if payment.disputed_minor else "to_wallet"


def steps_of(order: Order, stage: Stage) -> Sequence[Step]:
    """The way from the order to its end, with what is done, under way and still to come."""
    ordered = Step("ordered", "done", order.accepted_at)
    if stage in ("to_pay", "asking"):
        return [ordered, Step("paid", "now"), *(Step(k, "next") for k in _after_paid(order))]
    if stage == "in_review":
        paid = Step("paid", "done", order.settled_at)
        after = (Step(kind, "next") for kind in _after_paid(order))
        return [ordered, paid, Step("reviewed", "now"), *after]
    if stage == "delivering":
        paid = Step("paid", "done", order.settled_at)
        return [ordered, paid, Step("sent", "done"), Step("confirmed", "now")]
    if stage == "done":
        *between, last = _after_paid(order)
        paid = Step("paid", "done", order.settled_at or order.completed_at)
        return [
            ordered,
            paid,
            *(Step(kind, "done") for kind in between),
            Step(last, "done", order.completed_at),
        ]
    ended = Step("ended", "done", order.completed_at)
    if stage == "cancelled":
        return [ordered, ended]
    paid = Step("paid", "done", order.settled_at)
    refunded = Step("refunded", "now" if stage == "refunding" else "done")
    back = [] if stage == "disputed" else [refunded]  # what the bank does is told below
    return [ordered, paid, ended, *back]


def _after_paid(order: Order) -> Sequence[StepKind]:
    if order.kind == OrderKind.TOP_UP:
        return ["booked"]
    if order.kind == OrderKind.RECLAIM:
        return ["given_back"]
    if order.kind in CHANGES and order.delivery != "network":
        return ["changed"]
    return ["sent", "confirmed"] if order.delivery == "network" else ["extended"]


def _taken_minor(order: Order, stage: Stage, payment: Payment | None, given_back: int) -> int:
    if stage == "done":
        return order.total_minor - given_back
    if stage in ("in_review", "delivering", "to_pay", "asking"):
        return order.total_minor
    gone = payment.refunded_minor + payment.disputed_minor if payment else 0
    return payment.captured_minor - gone if payment else 0


def _resting(order: Order, stage: Stage, payment: Payment | None, now: datetime) -> bool:
    if stage == "done":
        # The receipt's number follows within seconds; a page open for it looks again till then.
        ended_at = order.completed_at or now
        numbered = order.receipt_number is not None or now - ended_at > NUMBERED_WITHIN
        return numbered and not (payment and payment.refunding_minor)
    return stage in ("refunded", "disputed", "to_wallet", "cancelled")


def _lifeline(order: Order, row: LineRow, policy: Policy) -> Lifeline | None:
    before, after = order.valid_until_before, order.valid_until_after
    return lifeline_of(
        LineState.ACTIVE,
        row.activated_at or row.opened_at,
        before or after,
        policy,
        order.completed_at or order.accepted_at,
        after if before else None,
    )
