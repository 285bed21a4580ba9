"""Whether an account's holder has shown who they are."""

from typing import Literal

from pydantic import Field

from keepline.api.shapes.parts import Asked, Instant, Shape
from keepline.flows.show_identity import IdentityView
from keepline.gateways.identity.port import REASONS, Check

Stage = Literal["not_asked", "pending", "verified", "refused", "expired"]


class NewIdentityCheck(Asked):
    """How a check shall be gone through. The body may be left out."""

    return_url: str | None = Field(
        None,
        max_length=500,
        description=(
            "Where the holder is led when they are done: one of the addresses that the operator "
            "named for it, letter by letter. Empty: the portal's page. Left out: as it was, the "
            "portal's page at first."
        ),
        examples=["https://partner.example/checked"],
    )


class Identity(Shape):
    """How the last check stands, and what can be done."""

    stage: Stage
    reason: str = Field(description=f"Of a refusal: {', '.join(REASONS)}. Else empty.")
    since: Instant | None = Field(description="When it was begun, or ended.")
    open_until: Instant | None = Field(description="Until then a pending one may be finished.")
    may_begin: bool = Field(description="Whether one can be begun, or gone on with, now.")
    again_at: Instant | None = Field(description="From when on another may be begun; null: now.")

    @classmethod
    def of(cls, view: IdentityView) -> "Identity":
        return cls.model_validate(_facts(view))


class IdentityCheck(Identity):
    """A check that was begun, or gone on with."""

    page_url: str | None = Field(
        description="The provider's page, for the holder. Null: it has its result already."
    )

    @classmethod
    def begun(cls, check: Check, view: IdentityView) -> "IdentityCheck":
        return cls.model_validate({**_facts(view), "page_url": check.page_url or None})


def _facts(view: IdentityView) -> dict[str, object]:
    return {
        "stage": view.stage,
        "reason": view.reason,
        "since": view.at,
        "open_until": view.until,
        "may_begin": view.may_begin,
        "again_at": view.again_at,
    }
