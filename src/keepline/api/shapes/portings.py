"""A number on its way to another operator."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from keepline.api.shapes.parts import Instant, Shape
from keepline.flows.show_port_out import PortOutView


class PortOut(Shape):
    """Where a line's number stands on its way out."""

    line_id: UUID
    state: Literal["none", "waits", "ready", "leaving", "gone"] = Field(
        description="waits: the code is shown from `ready_at` on. ready: it may be read, and used, "
        "until `valid_until`. leaving: another operator came with it. gone: the number is theirs."
    )
    refusal: str | None = Field(
        description="While the state is none: the code that asking would be refused with now."
    )
    again_at: Instant | None = Field(description="Until then only time stands against asking.")
    ready_at: Instant | None = Field(
        description="While the state is none: what it would be, if it was asked for now."
    )
    valid_until: Instant | None
    notice_hours: int = Field(
        description="So long before it goes its holder is told, and may keep it."
    )
    recipient: str | None = Field(description="As the clearing house calls the other operator.")
    cut_over_at: Instant | None = Field(description="The number goes then, not before.")
    stay_asked: bool = Field(
        description="The holder wants to keep it, and the clearing house has not said so yet."
    )

    @classmethod
    def of(cls, line_id: UUID, view: PortOutView) -> "PortOut":
        seen, idle = view.preview, view.state == "none"
        return cls(
            line_id=line_id,
            state=view.state,
            refusal=seen.refusal.code if idle and seen.refusal else None,
            again_at=seen.again_at if idle else None,
            ready_at=seen.ready_at if idle else view.ready_at,
            valid_until=view.valid_until,
            notice_hours=seen.notice_hours,
            recipient=view.recipient or None,
            cut_over_at=view.cut_over_at,
            stay_asked=view.stay_asked,
        )


class PortOutCode(Shape):
    """A secret: whoever shows it to another operator takes the number there."""

    line_id: UUID
    code: str = Field(examples=["K7QP-M2XD-9RTB"])
    valid_until: Instant | None

    @classmethod
    def of(cls, line_id: UUID, code: str, view: PortOutView) -> "PortOutCode":
        return cls(line_id=line_id, code=code, valid_until=view.valid_until)
