"""The port of web push: one short message to one browser (RFC 8030, 8291, 8292)."""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from keepline.gateways.messaging.port import SendResult
from keepline.gateways.outside.places import Place, PlaceRefused, Reach

AUTH_BYTES: Final = 16
LONGEST_KEY: Final = 100


class SubscriptionRefused(Exception):
    """No browser makes such a subscription."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a browser gives out: where its push service listens, and the keys that only it has.
    Keys in base64url without padding, as browsers write them."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)

    @classmethod
    def read(cls, endpoint: str, p256dh: str, auth: str, reach: Reach) -> "Subscription":
        """Raises SubscriptionRefused, also for an endpoint that is not outside."""
        try:
            place = Place.read(endpoint, reach)
            EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _bytes_of(p256dh))
            if len(_bytes_of(auth)) != AUTH_BYTES:
                raise SubscriptionRefused("auth has another length")
        except (PlaceRefused, ValueError, binascii.Error) as error:
            raise SubscriptionRefused(type(error).__name__) from error
        return cls(place.url, p256dh, auth)


def _bytes_of(text: str) -> bytes:
    if len(text) > LONGEST_KEY or not text.isascii():
        raise ValueError("no key is so long")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


@dataclass(frozen=True, slots=True)
class PushMessage:
    """`payload`: what the browser is to read, at most some hundred bytes. `kept_s`: how long the
    service keeps it for a browser that is away. `topic`: a later message of the same replaces one
    that waits there; up to 32 characters of base64url."""

    message_id: UUID
    to: Subscription
    payload: bytes = field(repr=False)
    kept_s: int
    topic: str = ""


class PushChannel(Protocol):
    """A way out to browsers."""

    @property
    def name(self) -> str:
        """The word stored beside each sent message."""
        ...

    @property
    def public_key(self) -> str:
        """Who may send to the browsers that subscribed with it: base64url, for applicationServerKey
        of PushManager.subscribe."""
        ...

    def read(self, endpoint: str, p256dh: str, auth: str) -> Subscription:
        """What a browser gave, looked at. Raises SubscriptionRefused."""
        ...

    def send(self, message: PushMessage) -> SendResult:
        """Hands the message to the push service. Raises ChannelRefused (404 and 410: the browser
        has unsubscribed), ChannelUnavailable, and nothing else."""
        ...
