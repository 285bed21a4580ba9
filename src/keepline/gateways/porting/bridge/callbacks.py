"""What the bridge tells: that a porting changed, signed after Standard Webhooks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from keepline.gateways.signed import Signer
from keepline.gateways.told import NotReadable, text_in, told_in

CHANGED: Final = "port.changed"
LONGEST_ID: Final = 45


def read_callback(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> UUID | None:
    """Which porting changed; None for a type that is not ours. Raises NotBelieved, NotReadable."""
    kind, data = told_in(Signer(secrets).believed(headers, body, now).text)
    if kind != CHANGED:
        return None
    try:
        return UUID(text_in(data, "id", LONGEST_ID))
    except ValueError:  # NotReadable is one
        raise NotReadable("id") from None
