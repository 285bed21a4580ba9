"""Orders: what was asked, promised, paid and given. Also the operation behind a 202."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from keepline.api.shapes.pages import Page
from keepline.api.shapes.parts import Instant, Money, Service, Shape, money
from keepline.api.shapes.plans import Exchange, Price
from keepline.core.exchange import Exchange as Agreed
from keepline.core.lifecycle.order import OrderState
from keepline.flows.show_order import OrderView, Stage, StepKind
from keepline.flows.show_order import Step as StepView
from keepline.orders.models import Order as OrderRow


class Order(Shape):
    """One order. `state` after TMF622."""

    id: UUID
    kind: Literal[
        "renewal",
        "purchase",
        "top_up",
        "reclaim",
        "new_number",
        "new_sim",
        "carrier",
        "opening",
    ]
    state: OrderState
    line_id: UUID | None = Field(description="null for a top-up.")
    plan_code: str | None
    price: Price
    exchange: Exchange | None = Field(
        description="What the provider's part was to be paid in another currency."
    )
    valid_until_before: Instant | None
    valid_until_after: Instant | None = Field(description="What the order gives, or would give.")
    buckets_before: Service | None
    buckets_after: Service | None
    accepted_at: Instant
    settled_at: Instant | None = Field(description="The money was there.")
    promise_until: Instant | None = Field(
        description="Not confirmed by then, it is withdrawn and refunded by itself."
    )
    completed_at: Instant | None = Field(description="It reached its end, good or bad.")
    failure_code: str | None
    checkout_url: str | None = Field(description="Where the holder pays, while that is due.")

    @classmethod
    def of(cls, row: OrderRow, plan_code: str | None, checkout_url: str | None = None) -> "Order":
        return cls(**order_fields(row, plan_code, checkout_url))


def order_fields(row: OrderRow, plan_code: str | None, checkout_url: str | None) -> dict[str, Any]:
    """What Order and OrderDetail share."""
    proof = row.proof or {}
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "line_id": row.line_id,
        "plan_code": plan_code,
        "price": _price(row),
        "exchange": Exchange.of(Agreed.of_facts(row.exchange)) if row.exchange else None,
        "valid_until_before": row.valid_until_before,
        "valid_until_after": row.valid_until_after,
        "buckets_before": Service.of_facts(proof.get("buckets_before")),
        "buckets_after": Service.of_facts(proof.get("buckets_after")),
        "accepted_at": row.accepted_at,
        "settled_at": row.settled_at,
        "promise_until": row.promise_until,
        "completed_at": row.completed_at,
        "failure_code": row.failure_code or None,
        "checkout_url": checkout_url or None,
    }


def _price(row: OrderRow) -> Price:
    return Price(
        subtotal=money(row.subtotal_minor, row.currency),
        discount=money(row.discount_minor, row.currency),
        net=money(row.net_minor, row.currency),
        tax=money(row.tax_minor, row.currency),
        tax_rate_ppm=row.tax_rate_ppm,
        tax_inclusive=row.tax_inclusive,
        tax_country=row.tax_country or None,
        total=money(row.total_minor, row.currency),
        from_wallet=money(row.wallet_minor, row.currency),
        from_provider=money(row.payment_minor, row.currency),
    )


class Step(Shape):
    """One step of the order's way. `at` is null where no instant is kept."""

    kind: StepKind
    state: Literal["done", "now", "next"]
    at: Instant | None

    @classmethod
    def of(cls, view: StepView) -> "Step":
        return cls(kind=view.kind, state=view.state, at=view.at)


class OrderDetail(Order):
    """An order as its proof. Ask again until it is `resting`: then nothing changes by itself."""

    stage: Stage
    resting: bool
    steps: list[Step]
    taken: Money = Field(description="What it took of wallet and provider together.")
    receipt_number: int | None = Field(description="Given within seconds of completion.")
    time_zone: str | None = Field(description="The line's.")
    network_outcome: Literal["unchanged", "confirmed"] | None
    number_comes_at: Instant | None = Field(
        description="Of a number that is brought along: from when on it is the line's; null until "
        "the other operator has said so."
    )
    cancellation: Literal["possible", "asked"] | None = Field(
        description="possible: `PUT /v1/orders/{id}/cancellation` ends it; asked: the clearing "
        "house has not answered yet. null: it cannot be cancelled."
    )
    number_goes_back: Literal["asked", "done"] | None = Field(
        description="Of a number that came while its line could not be set up, and that was given "
        "up: whether its old operator has it again. null: of all others."
    )

    @classmethod
    def of_view(cls, view: OrderView) -> "OrderDetail":
        row, payment = view.order, view.payment
        due = view.stage == "to_pay" and payment is not None
        return cls(
            **order_fields(
                row,
                view.plan.code if view.plan else None,
                payment.checkout_url if due and payment else None,
            ),
            stage=view.stage,
            resting=view.resting,
            steps=[Step.of(step) for step in view.steps],
            taken=money(view.taken_minor, view.taken_currency),
            receipt_number=row.receipt_number,
            time_zone=view.line.time_zone if view.line else None,
            network_outcome=view.network.get("outcome"),  # type: ignore[arg-type]
            number_comes_at=view.comes_at,
            cancellation=view.cancellation or None,
            number_goes_back=view.way_back or None,
        )


class OrdersPage(Page[Order]):
    """Newest first."""
