"""What the bridge tells: that a porting changed, signed after Standard Webhooks."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from keepline.gateways.signed import NotBelieved, Signer

__all__ = ["CHANGED", "NotBelieved", "NotReadable", "read_callback"]
CHANGED: Final = "port.changed"


class NotReadable(ValueError):
    """Signed, but not the callback; the message names the field."""


def read_callback(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> UUID | None:
    """Which porting changed; None for a type that is not ours. Raises NotBelieved, NotReadable."""
    believed = Signer(secrets).believed(headers, body, now)
    try:
        content = json.loads(believed.text)
        kind, data = content["type"], content["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotReadable("type") from None
    if kind != CHANGED:
        return None
    try:
        return UUID(data["id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotReadable("id") from None
