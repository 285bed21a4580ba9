"""Saved ways to pay."""

from datetime import date
from uuid import UUID

from pydantic import Field

from keepline.api.shapes.parts import Shape
from keepline.flows.list_methods import MethodCard


class PaymentMethod(Shape):
    """A way to pay that a provider keeps (TMF670). Its number is nowhere in Keepline."""

    id: UUID
    provider: str
    kind: str
    label: str = Field(examples=["Visa 4242"])
    expires_on: date | None = Field(description="The last day on which it works.")
    usable: bool = Field(description="false: its provider will never charge it again.")
    line_ids: list[UUID] = Field(description="Lines that it pays for when their wallet is short.")

    @classmethod
    def of(cls, card: MethodCard) -> "PaymentMethod":
        method = card.method
        return cls(
            id=method.id,
            provider=method.provider,
            kind=method.kind,
            label=method.label,
            expires_on=method.expires_on,
            usable=method.usable and not card.expired,
            line_ids=[line.id for line in card.lines],
        )


class PaymentMethods(Shape):
    """All of the account, the newest first."""

    items: list[PaymentMethod]
