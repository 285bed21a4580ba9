"""The envelope of an event as programs get it: CloudEvents 1.0, structured, as JSON.

`type` is the event's name (`line.renewed`), `subject` the line that it is about, or the order.
`sequence` is the extension of that name: of two events about one line, the one whose text is the
larger happened later. docs/webhooks-out.md has examples.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

SPEC: Final = "1.0"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def sequence(occurred_at: datetime, event_id: UUID) -> str:
    """By the instant, to the microsecond; then by id, as events of one instant are sent."""
    return f"{(occurred_at - EPOCH) // timedelta(microseconds=1):020d}-{event_id}"


def instant(at: datetime) -> str:
    """RFC 3339, UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def envelope(
    event_id: UUID,
    kind: str,
    source: str,
    subject: UUID | None,
    occurred_at: datetime,
    data: Mapping[str, Any],
) -> bytes:
    """The body. The same arguments give the same bytes, so that signatures can be compared."""
    attributes: dict[str, Any] = {
        "specversion": SPEC,
        "id": str(event_id),
        "source": source,
        "type": kind,
        "time": instant(occurred_at),
        "datacontenttype": "application/json",
        "sequence": sequence(occurred_at, event_id),
        "data": data,
    }
    if subject is not None:
        attributes["subject"] = str(subject)
    return json.dumps(attributes, ensure_ascii=False, separators=(",", ":"), default=str).encode()
