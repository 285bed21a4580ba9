"""What the gateway tells: receipts and received messages, signed as our requests are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from keepline.gateways.messaging.inbound import Arrived, InboundSms, SmsReceipt
from keepline.gateways.signed import Signer
from keepline.gateways.told import NotReadable, optional_in, text_in, told_in

LONGEST_REFERENCE, LONGEST_CODE, LONGEST_SENDER, LONGEST_TEXT = 100, 40, 40, 5_000


def read_callback(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> Arrived | None:
    """None for a type that is not ours. Raises NotBelieved, NotReadable."""
    kind, data = told_in(Signer(secrets).believed(headers, body, now).text)
    match kind:
        case "message.delivered":
            code = optional_in(data, "code", LONGEST_CODE) or "delivered"
            return SmsReceipt(text_in(data, "reference", LONGEST_REFERENCE), "delivered", code)
        case "message.failed":
            code = optional_in(data, "code", LONGEST_CODE) or "failed"
            return SmsReceipt(text_in(data, "reference", LONGEST_REFERENCE), "refused", code)
        case "message.received":
            return InboundSms(
                to=text_in(data, "to", LONGEST_SENDER),
                sender=text_in(data, "from", LONGEST_SENDER),
                text=text_in(data, "text", LONGEST_TEXT, empty=True),
                reference=text_in(data, "id", LONGEST_REFERENCE),
                sent_at=_instant(data, "sent_at"),
            )
        case _:
            return None


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
