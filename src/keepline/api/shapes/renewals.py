"""Renewals: what callers send, and what they see before."""

from typing import Any
from uuid import UUID

from pydantic import Field

from keepline.api.shapes.parts import AskedInstant, Instant, Service
from keepline.api.shapes.paying import AskedTerm, PaidTerm, SeenTerm, seen_fields
from keepline.flows.renew_line import RenewalPreview


class WhatToRenew(AskedTerm):
    """The plan of the next term, and how it shall be paid."""


class Renewal(PaidTerm):
    """A renewal to be carried out."""

    expected_valid_until: AskedInstant | None = Field(
        None,
        description="The expiry that the holder saw. When the line was renewed since, it is not "
        "renewed once more.",
    )


class Preview(SeenTerm):
    """The whole order before paying; the receipt will say the same if it is accepted now."""

    line_id: UUID
    time_zone: str = Field(description="In which the line's months are counted.")
    valid_until_before: Instant | None
    buckets_before: Service
    buckets_after: Service

    @classmethod
    def of(cls, view: RenewalPreview, **ways: Any) -> "Preview":
        """`ways`: of api.paying.ways_to_pay."""
        return cls(
            line_id=view.line.id,
            time_zone=view.line.time_zone,
            valid_until_before=view.line.valid_until,
            buckets_before=Service.of(view.buckets_before),
            buckets_after=Service.of(view.buckets_after),
            **seen_fields(view.offer, view.decision, view.wallet_free_minor, **ways),
        )
