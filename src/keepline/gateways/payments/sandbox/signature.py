"""Believes webhooks: Standard Webhooks 1.0 signatures, checked against the caller's clock.

The signature itself is the library's; its `verify` is not used because it reads the clock of
the machine, while flows and tests pass `now` in.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from standardwebhooks import Webhook

from keepline.gateways.payments.port import ProviderEvent, SignatureRefused

TOLERANCE: Final = timedelta(minutes=5)  # each try is signed anew, so an old one is a replay
LONGEST_UNIX_S: Final = 11  # digits; enough until the year 5138
LIMIT_BYTES: Final = 256 * 1024


class Signatures:
    """Verifies with one secret (whsec_ + base64)."""

    def __init__(self, webhook_secret: str) -> None:
        self._webhook = Webhook(webhook_secret)

    def event(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """The event of a webhook that is genuine and fresh, else SignatureRefused."""
        lowered = {name.lower(): value for name, value in headers.items()}
        event_id = lowered.get("webhook-id", "")
        given = lowered.get("webhook-signature", "")
        if not event_id or not given or len(body) > LIMIT_BYTES:
            raise SignatureRefused("a header is missing or the body too large")
        sent_at = _sent_at(lowered.get("webhook-timestamp", ""))
        if abs(now - sent_at) > TOLERANCE:
            raise SignatureRefused(f"signed at {sent_at.isoformat()}, too far from now")
        try:
            text = body.decode("utf-8")
            expected = self._webhook.sign(event_id, sent_at, text)
        except UnicodeError:
            raise SignatureRefused("not UTF-8") from None
        # Several signatures stand there while a secret is being changed; one must fit.
        if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in given.split()):
            raise SignatureRefused("no signature fits")
        return _event(event_id, text)


def _sent_at(value: str) -> datetime:
    if not (value.isascii() and value.isdigit() and len(value) <= LONGEST_UNIX_S):
        raise SignatureRefused("the timestamp is not in unix seconds")
    return datetime.fromtimestamp(int(value), UTC)


def _event(event_id: str, text: str) -> ProviderEvent:
    try:
        content: dict[str, Any] = json.loads(text)
        data = content["data"]
        order_id = data.get("order_id")
        return ProviderEvent(
            event_id=event_id,
            kind=str(content["type"]),
            payment_id=UUID(data["payment_id"]),
            order_id=UUID(order_id) if order_id else None,
            occurred_at=datetime.fromisoformat(content["timestamp"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SignatureRefused("signed, but not one of our events") from None
