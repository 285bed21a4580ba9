"""Lines: what is left, what happens next, what happened."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from keepline.api.shapes.pages import Page
from keepline.api.shapes.parts import Instant, LineKind, Money, Shape, money
from keepline.core.lifecycle.line import LineState
from keepline.core.lifeline import Lifeline
from keepline.flows.close_line import ClosingPreview
from keepline.flows.show_line import HistoryEntry, LineView
from keepline.flows.show_line import Reclaim as ReclaimView
from keepline.flows.show_lines import Bucket as BucketView
from keepline.flows.show_lines import LineCard, NextKind

UNITS: dict[str, Literal["byte", "second", "message"]] = {
    "data": "byte",
    "voice": "second",
    "sms": "message",
}


class Bucket(Shape):
    """An allowance. null is unlimited."""

    kind: Literal["data", "voice", "sms"]
    unit: Literal["byte", "second", "message"]
    granted: int | None
    used: int
    left: int | None

    @classmethod
    def of(cls, view: BucketView) -> "Bucket":
        return cls(
            kind=view.kind,
            unit=UNITS[view.kind],
            granted=view.granted,
            used=view.used,
            left=view.left,
        )


class NextAction(Shape):
    """What happens to the line by itself, if nobody does anything."""

    kind: NextKind
    at: Instant | None


class AutoRenew(Shape):
    """Whether the line renews by itself, with which plan, from what, how early, and when next.

    `PUT /v1/lines/{line_id}/auto-renew` changes it.
    """

    enabled: bool
    plan_code: str = Field(description="The plan it renews with.")
    lead_days: int | None = Field(
        description="Days ahead of expiry of the first try; null: as the policy says."
    )
    payment_method_id: UUID | None = Field(
        description="The saved way to pay that is charged what the wallet lacks; null: none is."
    )
    next_try_at: Instant | None = Field(description="null while no try is planned.")
    consent_needed: bool = Field(
        description="The plan costs more or gives less than its holder agreed to, or is not sold. "
        "Nothing is renewed by itself until a plan is chosen."
    )

    @classmethod
    def of(cls, card: LineCard) -> "AutoRenew":
        auto = card.auto_renew
        return cls(
            enabled=auto.enabled,
            plan_code=card.plan_code,
            lead_days=auto.lead_days,
            payment_method_id=auto.method.id if auto.method else None,
            next_try_at=auto.next_try_at,
            consent_needed=auto.consent_needed,
        )


class Deadlines(Shape):
    """The line's time: paid until, number kept until, and when somebody else may have it."""

    valid_until: Instant
    grace_until: Instant
    withdrawn_at: Instant = Field(description="The number leaves the line.")
    lost_at: Instant = Field(description="From here on the number may be somebody else's.")

    @classmethod
    def of(cls, view: Lifeline) -> "Deadlines":
        return cls(
            valid_until=view.valid_until,
            grace_until=view.grace_until,
            withdrawn_at=view.withdrawn_at,
            lost_at=view.lost_at,
        )


class LinePlan(Shape):
    """The plan a line lives on."""

    code: str
    name: str


class Line(Shape):
    """A line. Months are counted in `time_zone`, which is the line's own and never changes."""

    id: UUID
    msisdn: str | None = Field(description="E.164 with +; null for data only.")
    iccid: str | None
    kind: LineKind
    label: str
    carrier: str
    country: str = Field(description="ISO 3166-1 alpha-2; empty when no carrier is known.")
    plan: LinePlan
    time_zone: str = Field(description="IANA.")
    state: LineState
    valid_until: Instant | None
    seconds_left: int = Field(ge=0)
    near_expiry: bool
    renewable: bool
    auto_renew: AutoRenew
    buckets: list[Bucket]
    next_action: NextAction
    deadlines: Deadlines | None

    @classmethod
    def of(cls, card: LineCard, plan_name: str) -> "Line":
        return cls(**line_fields(card, plan_name))


def line_fields(card: LineCard, plan_name: str) -> dict[str, Any]:
    """What Line and LineDetail share."""
    return {
        "id": card.line_id,
        "msisdn": f"+{card.e164}" if card.e164 else None,
        "iccid": card.iccid,
        "kind": card.kind,
        "label": card.label,
        "carrier": card.carrier,
        "country": card.country,
        "plan": LinePlan(code=card.plan_code, name=plan_name),
        "time_zone": card.time_zone,
        "state": card.state,
        "valid_until": card.valid_until,
        "seconds_left": int(card.time_left.total_seconds()),
        "near_expiry": card.near_expiry,
        "renewable": card.renewable,
        "auto_renew": AutoRenew.of(card),
        "buckets": [Bucket.of(bucket) for bucket in card.buckets],
        "next_action": NextAction(kind=card.next_action.kind, at=card.next_action.at),
        "deadlines": Deadlines.of(card.lifeline) if card.lifeline else None,
    }


class Happened(Shape):
    """One entry of a line's history. `extended` has a period, `changed` has states, `taken_back`
    the end that a refund put to its order's period."""

    kind: Literal["extended", "changed", "taken_back"]
    at: Instant
    order_id: UUID | None
    period_start: Instant | None
    period_end: Instant | None
    from_state: LineState | None
    to_state: LineState | None
    cause: str

    @classmethod
    def of(cls, entry: HistoryEntry) -> "Happened":
        return cls(
            kind=entry.kind,
            at=entry.at,
            order_id=entry.order_id,
            period_start=entry.period_start,
            period_end=entry.period_end,
            from_state=LineState(entry.source) if entry.source else None,
            to_state=LineState(entry.target) if entry.target else None,
            cause=entry.cause,
        )


class Reclaim(Shape):
    """Whether the number of a line that ended can be had back.

    `open`: by `POST /v1/lines/{line_id}/reclaim`, for `fee` from the wallet. `went_on`: it was, and
    is on the line `successor_id`. `over`: no more; what became of it is not told.
    """

    state: Literal["open", "went_on", "over"]
    until: Instant | None
    fee: Money | None
    successor_id: UUID | None

    @classmethod
    def of(cls, view: ReclaimView) -> "Reclaim":
        return cls(
            state=view.state,
            until=view.until_at,
            fee=money(view.fee_minor, view.currency) if view.state == "open" else None,
            successor_id=view.successor_id,
        )


class LineDetail(Line):
    """A line with its history, newest first."""

    grace_days: int
    suspended_days: int
    quarantine_days: int
    reclaim: Reclaim | None = Field(description="null while the line lives, and without a number.")
    history: list[Happened]

    @classmethod
    def of_view(cls, view: LineView, plan_name: str) -> "LineDetail":
        return cls(
            **line_fields(view.card, plan_name),
            grace_days=view.grace_days,
            suspended_days=view.suspended_days,
            quarantine_days=view.quarantine_days,
            reclaim=Reclaim.of(view.reclaim) if view.reclaim else None,
            history=[Happened.of(entry) for entry in view.history],
        )


class LinesPage(Page[Line]):
    """Soonest expiry first, lost ones last."""


class Closing(Shape):
    """What closing the line would do, were it closed now."""

    line_id: UUID
    lost_seconds: int = Field(description="Of the time that was paid for. Nothing is paid back.")
    number_back_until: Instant | None = Field(
        description="So long only its holder may have the number back; null without a number."
    )
    number_free_at: Instant | None = Field(
        description="From then on the number may be somebody else's; null without a number."
    )
    ends_sign_in: bool = Field(
        description="A member of the account signs in with the number, and will not any more."
    )

    @classmethod
    def of(cls, line_id: UUID, seen: ClosingPreview) -> "Closing":
        return cls(
            line_id=line_id,
            lost_seconds=int(seen.lost.total_seconds()),
            number_back_until=seen.back_until,
            number_free_at=seen.rests_until,
            ends_sign_in=seen.signs_in,
        )
