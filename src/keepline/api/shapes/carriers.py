"""The carriers that a line can be on, and the wish to switch."""

from uuid import UUID

from pydantic import Field

from keepline.api.shapes.parts import Asked, Code, Digits, Instant, Money, Shape, money
from keepline.api.shapes.plans import Carrier
from keepline.api.shapes.purchases import Sim
from keepline.flows.switch_carrier import CarrierOption as OptionView
from keepline.flows.switch_carrier import CarrierSwitchPreview


class CarrierOption(Shape):
    """A carrier behind the line's plan."""

    carrier: Carrier
    current: bool = Field(description="The line is on it.")
    open: bool = Field(description="The line could go there now.")
    standby: bool = Field(description="An eSIM of it is on the phone already.")
    stocked: bool = Field(description="A SIM of it is free.")
    number_stays: bool = Field(description="The line's number cannot go along.")

    @classmethod
    def of(cls, view: OptionView) -> "CarrierOption":
        return cls(
            carrier=Carrier.of(view.carrier),
            current=view.current,
            open=view.open,
            standby=view.standby,
            stocked=view.stocked,
            number_stays=view.number_stays,
        )


class LineCarriers(Shape):
    """What a switch would cost, and where to."""

    line_id: UUID
    fee: Money
    refusal: str | None = Field(
        description="Why the line cannot be switched now: the code that a switch would be refused "
        "with; null when it can."
    )
    again_at: Instant | None = Field(description="Until then only time stands against it.")
    items: list[CarrierOption] = Field(
        description="In the plan's order; empty: it has not several."
    )

    @classmethod
    def of(cls, line_id: UUID, view: CarrierSwitchPreview) -> "LineCarriers":
        return cls(
            line_id=line_id,
            fee=money(view.fee.amount_minor, view.fee.currency),
            refusal=view.refusal.code if view.refusal else None,
            again_at=view.again_at,
            items=[CarrierOption.of(each) for each in view.options],
        )


class CarrierSwitch(Asked):
    """A switch to be carried out."""

    carrier: Code = Field(description="The code of one of the `items` that are open.")
    sim: Sim = Field("esim", description="What the line shall be on there.")
    iccid: Digits | None = Field(
        None, description="The very card, where it is at hand; any when left out."
    )
    eid: Digits | None = Field(
        None, description="The device that a new eSIM shall be tied to: 32 digits."
    )
    anew: bool = Field(
        default=False, description="A new eSIM, although one stands by: the phone lost it."
    )
    expected_fee: Money | None = Field(
        None, description="What the holder saw. Another fee then refuses it."
    )
