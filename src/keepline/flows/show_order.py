"""Reads one order as its proof: what was promised, paid, sent and given, before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.accounts.models import Account
from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan
from keepline.core.exchange import Exchange
from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.refund import RefundState
from keepline.core.lifeline import Lifeline
from keepline.core.parts import SimKind
from keepline.flows import bring_number, return_number
from keepline.flows.cancel_order import Standing, standing_of
from keepline.flows.errors import FlowRefused
from keepline.flows.return_number import Standing as WayBack
from keepline.flows.show_lines import LineCard, card, surroundings
from keepline.flows.show_receipt import lifeline_at
from keepline.inventory import queries as inventory
from keepline.inventory.models import Profile
from keepline.lines import queries as lines
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
    "esim_ordered",  # at the SM-DP+, where the profile did not come with its activation code
    "sent",
    "confirmed",
    "date_set",  # of a number that comes along: the other operator has said when
    "arriving",
    "ready",
    "extended",
    "given_back",
    "changed",
    "booked",
    "ended",
    "refunded",
]


StepState = Literal["done", "now", "next"]
EsimStep = Literal["", "now", "done"]
Arrival = Literal["", "asked", "dated", "due"]  # of a number that its buyer brings


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the order's way. `at` is None where no instant is kept."""

    kind: StepKind
    state: StepState
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderView:
    """`line` is None for a top-up, `plan` for all but renewals and purchases.

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
    cancellation: Standing  # of an order whose number is still to come along
    stranded: bool  # its number has come, and its line cannot be set up: staff look at it
    way_back: WayBack  # of a number that has come, and was given up

    @property
    def ended(self) -> bool:
        """Whether a refund took the order's service back."""
        return any(each.ends_service for each in self.refunds) or any(
            each.ends_service for each in self.disputes
        )

    @property
    def serves_line(self) -> bool:
        """Whether it gives a line its time."""
        return self.order.kind in (OrderKind.RENEWAL, OrderKind.PURCHASE)

    @property
    def bought_number(self) -> int | None:
        """The number of the line that is bought, E.164."""
        number: int | None = (self.order.stock or {}).get("number")
        return number

    @property
    def brings_number(self) -> bool:
        """Whether its buyer brings the number along."""
        return bring_number.is_brought(self.order)

    @property
    def comes_at(self) -> datetime | None:
        """When it comes; None while the other operator has not said so."""
        return bring_number.cut_over_of(self.order)

    @property
    def bought_sim(self) -> tuple[SimKind, str] | None:
        """The SIM of the line that is bought: its kind and ICCID."""
        held, kinds = self.order.stock or {}, get_args(SimKind)
        return next(((kind, held[kind]) for kind in kinds if kind in held), None)

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
    stage, way = stage_of(order, payment), bring_number.way_of(order)
    given = [each for each in refunds.of_order(order_id) if each.scope and is_told(each)]
    given_back = sum(each.amount_minor for each in given)
    return OrderView(
        order=order,
        stage=stage,
        resting=_resting(order, stage, payment, now),
        steps=steps_of(order, stage, _esim_step(order), _arrival(order, now)),
        taken_minor=_taken_minor(order, stage, payment, given_back),
        payment=payment,
        exchange=Exchange.of_facts(order.exchange) if order.exchange else None,
        account=accounts.account(account_id),
        line=card(row, around, now) if row and around else None,
        lifeline=lifeline_at(order, row, around.policies[row.policy_id])
        if row and around
        else None,
        plan=catalog.plans_among({order.plan_id}).get(order.plan_id) if order.plan_id else None,
        buckets_before=proof.get("buckets_before") or {},
        buckets_after=proof.get("buckets_after") or {},
        network=proof.get("network") or {},
        refunds=given,
        disputes=disputes.of_order(order_id) if payment else [],
        cancellation=standing_of(order, way, now),
        stranded=way is not None and bring_number.is_stranded(way),
        way_back=return_number.standing_of(order),
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


def _esim_step(order: Order) -> EsimStep:
    """Where the order of its eSIM profile stands; one query for a purchase with one."""
    held = order.stock or {}
    profile = inventory.sim(Profile, held["profile"]) if "profile" in held else None
    if profile is None or profile.matching_id not in ("", held.get("matching_id")):
        return ""
    return "done" if profile.matching_id else "now"


def _arrival(order: Order, now: datetime) -> Arrival:
    if not bring_number.is_brought(order):
        return ""
    date = bring_number.cut_over_of(order)
    return "asked" if date is None else "dated" if now < date else "due"


def steps_of(
    order: Order, stage: Stage, esim: EsimStep = "", arrival: Arrival = ""
) -> Sequence[Step]:
    """The way from the order to its end, with what is done, under way and still to come.

    `esim`: whether its eSIM profile was ordered, "" where there is none to order. `arrival`: how
    far a number is that comes along, "" where none does.
    """
    after_paid = _after_paid(order, esim)
    ordered = Step("ordered", "done", order.accepted_at)
    if stage in ("to_pay", "asking"):
        return [ordered, Step("paid", "now"), *(Step(k, "next") for k in after_paid)]
    if stage == "in_review":
        paid = Step("paid", "done", order.settled_at)
        after = (Step(kind, "next") for kind in after_paid)
        return [ordered, paid, Step("reviewed", "now"), *after]
    if stage == "delivering":
        paid = Step("paid", "done", order.settled_at)
        return [ordered, paid, *_under_way(after_paid, esim, arrival)]
    if stage == "done":
        *between, last = after_paid
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


def _under_way(kinds: Sequence[StepKind], esim: EsimStep, arrival: Arrival) -> Sequence[Step]:
    """The network is told once the number may come and the eSIM is ordered, and then its word is
    waited for."""
    waits_for: StepKind = "esim_ordered" if esim == "now" else "confirmed"
    if arrival in ("asked", "dated"):
        waits_for = "date_set" if arrival == "asked" else "arriving"
    now = kinds.index(waits_for) if waits_for in kinds else len(kinds) - 1
    done, after = kinds[:now], kinds[now + 1 :]
    return [
        *(Step(kind, "done") for kind in done),
        Step(kinds[now], "now"),
        *(Step(kind, "next") for kind in after),
    ]


def _after_paid(order: Order, esim: EsimStep) -> Sequence[StepKind]:
    if order.kind == OrderKind.TOP_UP:
        return ["booked"]
    if order.kind == OrderKind.RECLAIM:
        return ["given_back"]
    if order.kind in CHANGES and order.delivery != "network":
        return ["changed"]
    if order.kind == OrderKind.PURCHASE or order.kind in CHANGES:
        told: Sequence[StepKind] = ["sent", "confirmed"] if order.delivery == "network" else []
        ordered: Sequence[StepKind] = ["esim_ordered"] if esim else []
        if bring_number.is_brought(order):
            ordered = ["date_set", "arriving", *ordered]
        end: Sequence[StepKind] = ["ready"] if order.kind == OrderKind.PURCHASE else []
        return [*ordered, *told, *end]
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
