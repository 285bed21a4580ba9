"""Endpoints of webhooks, and what was sent to them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from keepline.api.shapes.pages import Page
from keepline.api.shapes.parts import Asked, AskedInstant, Instant, Shape
from keepline.flows.hooking.owners import LONGEST_NAME
from keepline.flows.show_endpoint import SentEvent
from keepline.gateways.outside.places import LONGEST_URL
from keepline.messages import endpoints

EventName = Annotated[
    str, Field(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=32, examples=["line.renewed"])
]
Name = Annotated[str, Field(max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]*$")]
SECRET = "Signs each event (HMAC, Standard Webhooks). Shown here and never again."  # noqa: S105


class NewEndpoint(Asked):
    """An address that shall be told of events."""

    url: str = Field(
        max_length=LONGEST_URL,
        description="https, on the internet, port 443 or 8443.",
        examples=["https://partner.example/keepline"],
    )
    name: Name = ""
    events: list[EventName] = Field(
        default=[], max_length=100, description="The events wanted; empty for all."
    )


class EndpointChange(Asked):
    """What is left out stays as it is."""

    name: Name | None = None
    events: list[EventName] | None = Field(None, max_length=100, description="Empty for all.")
    on: bool | None = None


class Span(Asked):
    """Events of `from` and later, before `until`."""

    since: AskedInstant = Field(alias="from")
    until: AskedInstant
    delivered: bool = Field(
        default=False, description="Whether those that were delivered are sent once more as well."
    )


class Endpoint(Shape):
    """An address of a program that is told of events."""

    id: UUID
    url: str
    name: str
    events: list[str] = Field(description="Empty: all.")
    on: bool
    off_reason: Literal["asked", "gone", "failing"] | None = Field(
        description="asked: by a member; gone: it answered 410; failing: for five days."
    )
    failing_since: Instant | None
    former_secret_until: Instant | None = Field(
        description="Until then the secret before the one in force signs as well."
    )
    created_at: Instant

    @classmethod
    def of(cls, row: endpoints.Endpoint, now: datetime) -> "Endpoint":
        return cls(**_fields(row, now))


class FreshEndpoint(Endpoint):
    """An endpoint with a secret that was just made."""

    secret: str = Field(description=SECRET, examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])

    @classmethod
    def with_secret(cls, row: endpoints.Endpoint, secret: str, now: datetime) -> "FreshEndpoint":
        return cls(secret=secret, **_fields(row, now))


def _fields(row: endpoints.Endpoint, now: datetime) -> dict[str, Any]:
    overlap_until = row.overlap_until
    return {
        "id": row.id,
        "url": row.url,
        "name": row.name,
        "events": sorted(row.kinds),
        "on": row.is_on,
        "off_reason": row.off_reason or None,
        "failing_since": row.failing_since,
        "former_secret_until": overlap_until if overlap_until and overlap_until > now else None,
        "created_at": row.created_at,
    }


class Endpoints(Shape):
    """All of the account, the oldest first."""

    items: list[Endpoint]


class TriedEvent(Shape):
    """What came of a test event."""

    event_id: UUID
    delivered: bool
    answer: str = Field(
        description="The status; or why there is none: name, inside, connect, tls, late, cut."
    )


class WebhookDelivery(Shape):
    """One event on its way to an endpoint."""

    id: UUID
    event_id: UUID = Field(description="The event's `id`, and its webhook-id.")
    type: str
    line_id: UUID | None
    state: Literal["waiting", "delivered", "refused", "gave_up", "not_sent"] = Field(
        description="gave_up: after the last try; not_sent: it was overtaken, or the endpoint off."
    )
    tries: int
    answer: str = Field(description="Why the last try failed; empty when none did.")
    addressed_at: Instant
    next_try_at: Instant | None
    delivered_at: Instant | None

    @classmethod
    def of(cls, sent: SentEvent) -> "WebhookDelivery":
        return cls(
            id=sent.id,
            event_id=sent.event_id,
            type=sent.kind,
            line_id=sent.line_id,
            state=sent.state,
            tries=sent.tries,
            answer=sent.answer,
            addressed_at=sent.addressed_at,
            next_try_at=sent.next_try_at,
            delivered_at=sent.delivered_at,
        )


class WebhookDeliveriesPage(Page[WebhookDelivery]):
    """The newest first."""


class Replayed(Shape):
    """How many events are sent once more."""

    events: int
