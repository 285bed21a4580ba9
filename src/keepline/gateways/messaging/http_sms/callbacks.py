"""What the gateway tells: receipts and received messages, signed as our requests are."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from keepline.gateways.messaging.inbound import Arrived, InboundSms, SmsReceipt
from keepline.gateways.signed import NotBelieved, Signer

LONGEST_REFERENCE, LONGEST_CODE, LONGEST_SENDER, LONGEST_TEXT = 100, 40, 40, 5_000

__all__ = ["NotBelieved", "NotReadable", "read_callback"]


class NotReadable(ValueError):
    """Signed, but not one of the callbacks; the message names the field."""


def read_callback(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> Arrived | None:
    """None for a type that is not ours. Raises NotBelieved, NotReadable."""
    believed = Signer(secrets).believed(headers, body, now)
    try:
        content = json.loads(believed.text)
        kind, data = content["type"], content["data"]
    except (ValueError, KeyError, TypeError):
        raise NotReadable("type") from None
    if not isinstance(data, dict):
        raise NotReadable("data")
    match kind:
        case "message.delivered":
            code = _optional(data, "code", LONGEST_CODE) or "delivered"
            return SmsReceipt(_text(data, "reference", LONGEST_REFERENCE), "delivered", code)
        case "message.failed":
            code = _optional(data, "code", LONGEST_CODE) or "failed"
            return SmsReceipt(_text(data, "reference", LONGEST_REFERENCE), "refused", code)
        case "message.received":
            return InboundSms(
                to=_text(data, "to", LONGEST_SENDER),
                sender=_text(data, "from", LONGEST_SENDER),
                text=_text(data, "text", LONGEST_TEXT, empty=True),
                reference=_text(data, "id", LONGEST_REFERENCE),
                sent_at=_instant(data, "sent_at"),
            )
        case _:
            return None


def _text(data: Mapping[str, Any], name: str, longest: int, *, empty: bool = False) -> str:
    value = data.get(name)
    if not isinstance(value, str) or len(value) > longest or not (value or empty):
        raise NotReadable(name)
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}")  # which PostgreSQL cannot hold


def _optional(data: Mapping[str, Any], name: str, longest: int) -> str:
    return _text(data, name, longest, empty=True) if data.get(name) is not None else ""


def _instant(data: Mapping[str, Any], name: str) -> datetime | None:
    if data.get(name) is None:
        return None
    try:
        instant = datetime.fromisoformat(str(data[name]))
    except ValueError:
        raise NotReadable(name) from None
    if instant.tzinfo is None:
        raise NotReadable(name)
    return instant
