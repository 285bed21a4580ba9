"""Buying a line: what callers send, and what they see before."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from keepline.api.shapes.orders import Order
from keepline.api.shapes.parts import Asked, Code, Digits, Instant, Service, Shape
from keepline.api.shapes.paying import AskedTerm, PaidTerm, SeenTerm, seen_fields
from keepline.core.parts import SimKind
from keepline.flows.buy_line import PurchasePreview
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


class WhatToBuy(AskedTerm):
    """The plan of the new line, and how it shall be paid."""


class NewLine(PaidTerm):
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


class LinePreview(SeenTerm):
    """The whole order before paying; the receipt will say the same if it is accepted now."""

    needs_number: bool
    sims: list[Sim] = Field(
        description="Which kinds of SIM will do, the usual one first; none: the line has no SIM."
    )
    service: Service

    @classmethod
    def of(cls, view: PurchasePreview, **ways: Any) -> "LinePreview":
        """`ways`: of api.paying.ways_to_pay."""
        return cls(
            needs_number=view.parts.number,
            sims=[SIMS[kind] for kind in view.parts.sims],
            service=Service.of(view.offer.allowance),
            **seen_fields(view.offer, view.decision, view.wallet_free_minor, **ways),
        )


class FreeNumber(Shape):
    """A number that may be chosen. It is nobody's until it is bought."""

    msisdn: str = Field(description="E.164 with +.", examples=["+447700900601"])
    country: str | None = Field(description="ISO 3166-1 alpha-2; null: not known.")
    unused_since: Instant | None = Field(
        description="When its last holder went; null: nobody has had it here."
    )

    @classmethod
    def of(cls, view: FreeNumberView) -> "FreeNumber":
        return cls(
            msisdn=f"+{view.e164}", country=view.country or None, unused_since=view.unused_since
        )


class FreeNumbers(Shape):
    """A few free numbers. Each account is shown others; `page` leads to more."""

    plan_code: str
    items: list[FreeNumber]
