"""Believes webhooks of the sandbox: Standard Webhooks 1.0 signatures (gateways/signed.py)."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from keepline.gateways.payments.port import ProviderEvent, SignatureRefused
from keepline.gateways.signed import NotBelieved, Signer


class Signatures:
    """Verifies with one secret (whsec_ + base64)."""

    def __init__(self, webhook_secret: str) -> None:
        self._signer = Signer([webhook_secret])

    def event(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """The event of a webhook that is genuine and fresh, else SignatureRefused."""
        try:
            believed = self._signer.believed(headers, body, now)
        except NotBelieved as error:
            raise SignatureRefused(str(error)) from None
        return _event(believed.sender_id, believed.text)


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
