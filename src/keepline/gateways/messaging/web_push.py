"""Web push through whatever service a browser chose, encrypted for the browser alone.

pywebpush encrypts (RFC 8291) and py_vapid signs who we are (RFC 8292). Both libraries could send as
well; that is done here, because the service's address came from a browser and must be outside.
"""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from py_vapid import Vapid02
from pywebpush import WebPusher

from keepline.gateways.messaging.port import ChannelRefused, ChannelUnavailable, SendResult
from keepline.gateways.messaging.push import PushMessage, Subscription
from keepline.gateways.messaging.push_keys import public_key_of
from keepline.gateways.outside.calling import CallFailed, OutsideCaller
from keepline.gateways.outside.places import Reach

SIGNED_FOR_S: Final = 12 * 3600  # RFC 8292 allows a day
BLOCK: Final = 256  # payloads are filled up: their length does not tell what they say
AGAIN: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class WebPush:
    """`private_key`: 32 bytes of a P-256 key in base64url. `contact`: mailto: or https:, where a
    push service reaches the operator when something is wrong."""

    name = "push"

    def __init__(
        self,
        private_key: str,
        contact: str,
        reach: Reach,
        caller: OutsideCaller,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._vapid = Vapid02.from_raw(private_key.encode())
        self._public_key = public_key_of(private_key)
        self._contact, self._reach, self._caller = contact, reach, caller
        self._clock = clock

    @property
    def public_key(self) -> str:
        """See the port."""
        return self._public_key

    def read(self, endpoint: str, p256dh: str, auth: str) -> Subscription:
        """See the port."""
        return Subscription.read(endpoint, p256dh, auth, self._reach)

    def send(self, message: PushMessage) -> SendResult:
        """See the port."""
        headers = {
            **self._vapid.sign(self._claims(message.to.endpoint)),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(message.kept_s),
            **({"Topic": message.topic} if message.topic else {}),
        }
        try:
            status = self._caller.post(message.to.endpoint, headers, _encrypted(message))
        except CallFailed as failed:
            raise ChannelUnavailable(failed.code) from failed
        if HTTPStatus(200) <= status < HTTPStatus(300):
            return SendResult(str(message.message_id))
        if HTTPStatus(400) <= status < HTTPStatus(500) and status not in AGAIN:
            raise ChannelRefused(str(status), "the push service refused the message")
        raise ChannelUnavailable(str(status))

    def _claims(self, endpoint: str) -> dict[str, str | int]:
        parts = urlsplit(endpoint)
        return {
            "sub": self._contact,
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(self._clock()) + SIGNED_FOR_S,
        }


def _encrypted(message: PushMessage) -> bytes:
    to = message.to
    pusher = WebPusher({"endpoint": to.endpoint, "keys": {"p256dh": to.p256dh, "auth": to.auth}})
    filled = message.payload.ljust(-(-len(message.payload) // BLOCK) * BLOCK)
    body: bytes = pusher.encode(filled)["body"]
    return body
