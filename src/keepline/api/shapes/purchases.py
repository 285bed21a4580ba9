"""Buying a line: what callers send, and what they see before."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from keepline.api.shapes.orders import Order
from keepline.api.shapes.parts import (
    Asked,
    AskedId,
    Code,
    Currency,
    Digits,
    Instant,
    Money,
    Service,
    Shape,
    money,
)
from keepline.api.shapes.plans import OfferedExchange, Price
from keepline.core.parts import SimKind
from keepline.flows.buy_line import PurchasePreview
from keepline.flows.list_exchanges import ExchangeOffer
from keepline.flows.list_numbers import FreeNumber as FreeNumberView
from keepline.porting.ways_in import CODE, LONGEST_HOLDER, Brought

__all__ = ["FreeNumbers", "LinePreview", "NewLine", "Order", "WhatToBuy"]

Sim = Literal["esim", "card"]
KINDS: dict[Sim, SimKind] = {"esim": "profile", "card": "card"}
SIMS: dict[SimKind, Sim] = {kind: sim for sim, kind in KINDS.items()}
E164 = Annotated[
    str,
    Field(pattern=r"^\+[1-9][0-9]{5,14}$", description="E.164.", examples=["+447700900601"]),
]


class BroughtNumber(Asked):
    """A number that comes along from another operator."""

    msisdn: E164
    code: str = Field(
        pattern=f"^{CODE.pattern}$",
        description="What its operator gave the holder: PAC, transfer PIN, authorisation code.",
        examples=["ABC123456"],
    )
    holder: str = Field(
        "",
        max_length=LONGEST_HOLDER,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="The holder's name there, where operators compare it.",
    )


class WhatToBuy(Asked):
    """The plan of the new line, and how it shall be paid."""

    plan_code: Code
    currency: Currency | None = Field(None, description="The account's own when left out.")
    use_wallet: Literal["none", "part", "only"] = Field(
        "part",
        description="part: as much as is there, the rest from `provider`; only: all or nothing.",
    )


class NewLine(WhatToBuy):
    """A line to be bought."""

    msisdn: E164 | None = Field(
        None,
        description="One of `GET /v1/plans/{plan_code}/numbers`; any when left out. Only for plans "
        "that have a number.",
    )
    bring: BroughtNumber | None = Field(
        None,
        description="A number of the holder's that comes along from another operator, instead of "
        "one of ours. The line begins when it comes: the order's `number_comes_at`.",
    )
    sim: Sim | None = Field(
        None, description="One of the preview's `sims`, the first of them when left out."
    )
    iccid: Digits | None = Field(
        None, description="The very card or profile, where it is at hand; any when left out."
    )
    eid: Digits | None = Field(
        None, description="The device that the eSIM shall be tied to: 32 digits."
    )
    carrier: Code | None = Field(
        None,
        description="The code of one of the plan's `carriers`; the first that has everything when "
        "left out.",
    )
    label: str = Field(
        "",
        max_length=60,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="The name the holder knows it by.",
    )
    provider: Code | None = Field(
        None, max_length=24, description="Who takes what the wallet does not pay."
    )
    payment_method_id: AskedId | None = Field(
        None,
        description="A saved way to pay of that provider: it is charged at once, and nobody has to "
        "go to a checkout.",
    )
    expected_total: Money | None = Field(
        None, description="What the holder saw. Another price then refuses the purchase."
    )
    pay_as: Money | None = Field(
        None,
        description="What the holder saw that the provider's part comes to in another currency, "
        "one of the preview's `exchanges`; paid in the price's own when left out.",
    )

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        if self.expected_total and self.currency not in (None, self.expected_total.currency):
            raise ValueError("expected_total is in another currency than the order")
        return self

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if self.bring and self.msisdn:
            raise ValueError("bring and msisdn are two numbers")
        return self

    @property
    def brought(self) -> Brought | None:
        """The number that comes along, as the flow wants it."""
        found = self.bring
        return Brought(int(found.msisdn[1:]), found.code, found.holder) if found else None


class LinePreview(Shape):
    """The whole order before paying; the receipt will say the same if it is accepted now."""

    plan_code: str
    term: str
    needs_number: bool
    sims: list[Sim] = Field(
        description="Which kinds of SIM will do, the usual one first; none: the line has no SIM."
    )
    price: Price
    wallet_free: Money
    period_start: Instant
    valid_until_after: Instant
    service: Service
    delivery: Literal["ledger", "network"] = Field(
        description="ledger: over at once; network: the network is told, and must confirm."
    )
    promise_seconds: int = Field(
        description="An order of the network that takes longer is refunded by itself."
    )
    providers: list[str] = Field(description="Who may take what the wallet does not pay.")
    exchanges: list[OfferedExchange] = Field(
        description="In which other currencies that part may be paid; none where the operator "
        "allows none."
    )

    @classmethod
    def of(
        cls, view: PurchasePreview, providers: list[str], exchanges: Sequence[ExchangeOffer]
    ) -> "LinePreview":
        decision, funding = view.decision, view.decision.funding
        return cls(
            plan_code=view.offer.code,
            term=str(view.offer.term),
            needs_number=view.parts.number,
            sims=[SIMS[kind] for kind in view.parts.sims],
            price=Price.of(decision.quote, funding.wallet_minor, funding.payment_minor),
            wallet_free=money(view.wallet_free_minor, decision.quote.currency),
            period_start=decision.period.start_at,
            valid_until_after=decision.period.end_at,
            service=Service.of(view.offer.allowance),
            delivery=decision.delivery,
            promise_seconds=view.offer.promise_seconds,
            providers=providers,
            exchanges=[OfferedExchange.of_offer(each) for each in exchanges],
        )


class FreeNumber(Shape):
    """A number that may be chosen. It is nobody's until it is bought."""

    msisdn: str = Field(description="E.164 with +.", examples=["+447700900601"])
    country: str | None = Field(description="ISO 3166-1 alpha-2; null: not known.")

    @classmethod
    def of(cls, view: FreeNumberView) -> "FreeNumber":
        return cls(msisdn=f"+{view.e164}", country=view.country or None)


class FreeNumbers(Shape):
    """A few free numbers. Each account is shown others; `page` leads to more."""

    plan_code: str
    items: list[FreeNumber]
