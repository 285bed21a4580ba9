"""What a signed callback says: {"type": ..., "data": {...}}, read field by field."""

import json
from collections.abc import Mapping
from typing import Any


class NotReadable(ValueError):
    """Signed, but not one of the callbacks; the message names the field."""


def told_in(text: str) -> tuple[str, Mapping[str, Any]]:
    """Its type and its data. Raises NotReadable."""
    try:
        content = json.loads(text)
        kind, data = content["type"], content["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotReadable("type") from None
    if not isinstance(data, dict):
        raise NotReadable("data")
    return str(kind), data


def text_in(data: Mapping[str, Any], name: str, longest: int, *, empty: bool = False) -> str:
    """A text that has to be there. Raises NotReadable."""
    value = data.get(name)
    if not isinstance(value, str) or len(value) > longest or not (value or empty):
        raise NotReadable(name)
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}")  # which PostgreSQL cannot hold


def optional_in(data: Mapping[str, Any], name: str, longest: int) -> str:
    """A text that may be missing: "". Raises NotReadable."""
    return text_in(data, name, longest, empty=True) if data.get(name) is not None else ""
