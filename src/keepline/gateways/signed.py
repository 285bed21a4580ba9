"""Signs and believes requests after Standard Webhooks 1.0, by the caller's clock.

The signature itself is the library's; its `verify` is not used because it reads the clock of
the machine, while flows and tests pass `now` in.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from standardwebhooks import Webhook

TOLERANCE: Final = timedelta(minutes=5)  # each try is signed anew, so an old one is a replay
LONGEST_UNIX_S: Final = 11  # digits; enough until the year 5138
LIMIT_BYTES: Final = 256 * 1024


class NotBelieved(Exception):
    """It is not signed by who we know, or not now; the message says which, for a log."""


class Believed(NamedTuple):
    """`sender_id` is the webhook-id: the same for each try."""

    sender_id: str
    text: str


class Signer:
    """`secrets` are whsec_ + base64: the first signs, all of them are believed."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = [Webhook(secret) for secret in secrets]

    def headers(self, own_id: str, text: str, at: datetime) -> dict[str, str]:
        """What goes out with `text`."""
        return {
            "webhook-id": own_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._secrets[0].sign(own_id, at, text),
        }

    def believed(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Believed:
        """What is genuine and fresh. Raises NotBelieved."""
        lowered = {name.lower(): value for name, value in headers.items()}
        sender_id = lowered.get("webhook-id", "")
        given = lowered.get("webhook-signature", "")
        if not sender_id or not given or len(body) > LIMIT_BYTES:
            raise NotBelieved("a header is missing or the body too large")
        sent_at = _sent_at(lowered.get("webhook-timestamp", ""))
        if abs(now - sent_at) > TOLERANCE:
            raise NotBelieved(f"signed at {sent_at.isoformat()}, too far from now")
        try:
            text = body.decode("utf-8")
            expected = [secret.sign(sender_id, sent_at, text) for secret in self._secrets]
        except UnicodeError:
            raise NotBelieved("not UTF-8") from None
        # Several signatures stand there while a secret is being changed; one must fit.
        fits = [
            hmac.compare_digest(one.encode(), each.encode())
            for one in expected
            for each in given.split()
        ]
        if not any(fits):
            raise NotBelieved("no signature fits")
        return Believed(sender_id, text)


def _sent_at(value: str) -> datetime:
    if not (value.isascii() and value.isdigit() and len(value) <= LONGEST_UNIX_S):
        raise NotBelieved("the timestamp is not in unix seconds")
    return datetime.fromtimestamp(int(value), UTC)
