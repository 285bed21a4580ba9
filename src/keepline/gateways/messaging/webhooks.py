"""The webhook port, and its adapter: one event to one endpoint, signed after Standard Webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, NamedTuple, Protocol

from standardwebhooks import Webhook

from keepline.gateways.messaging.port import ChannelRefused, ChannelUnavailable, SendResult
from keepline.gateways.outside.calling import CallFailed, OutsideCaller

MEDIA_TYPE: Final = "application/cloudevents+json; charset=utf-8"


class SigningSecret(NamedTuple):
    """`text`: whsec_ and base64. `until`: when it signs no longer; None for the one in force."""

    text: str
    until: datetime | None = None

    def signs_at(self, now: datetime) -> bool:
        """`now`: real time."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """`event_id` is the same for every try and every replay, so that receivers can tell a repeat.
    `body`: JSON. `secrets`: those that are in force at the moment of sending give one signature
    each, the newest first. `within_s`: less time than usual, for a try that somebody waits for."""

    event_id: str
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    secrets: Sequence[SigningSecret] = field(repr=False)
    within_s: float | None = None


class WebhookChannel(Protocol):
    """A way out to programs of others."""

    @property
    def name(self) -> str:
        """The word stored beside each sent event."""
        ...

    def address_of(self, url: str) -> str:
        """The URL as it is to be kept. Raises PlaceRefused when nothing may be sent there."""
        ...

    def send(self, message: WebhookMessage) -> SendResult:
        """Hands the event over. `reference` is the event's id.

        Raises ChannelRefused for 410 (nothing shall be sent there any more), ChannelUnavailable
        for everything else that is no 2xx. Its text is the status, or CallFailed's code, or
        unsigned when there is no secret.
        """
        ...


class StandardWebhooks:
    """Through `caller`, which reaches the outside alone."""

    name = "webhook"

    def __init__(self, caller: OutsideCaller) -> None:
        self._caller = caller

    def address_of(self, url: str) -> str:
        """See the port."""
        return self._caller.place_of(url).url

    def send(self, message: WebhookMessage) -> SendResult:
        """See the port. The signatures are of this instant: receivers refuse old ones."""
        sent_at = datetime.now(UTC)
        secrets = [secret.text for secret in message.secrets if secret.signs_at(sent_at)]
        if not secrets:
            raise ChannelUnavailable("unsigned")
        text = message.body.decode()
        signatures = [Webhook(secret).sign(message.event_id, sent_at, text) for secret in secrets]
        headers = {
            "Content-Type": MEDIA_TYPE,
            "webhook-id": message.event_id,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        try:
            status = self._caller.post(message.url, headers, message.body, message.within_s)
        except CallFailed as failed:
            raise ChannelUnavailable(failed.code) from failed
        if HTTPStatus(200) <= status < HTTPStatus(300):
            return SendResult(message.event_id)
        if status == HTTPStatus.GONE:
            raise ChannelRefused(str(status), "the endpoint wants nothing any more")
        raise ChannelUnavailable(str(status))
