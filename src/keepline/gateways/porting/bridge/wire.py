"""What both sides of the bridge's interface agree on (docs/gateways/porting.md)."""

import re
from datetime import UTC, datetime
from typing import Any, Final

from keepline.gateways.porting.port import REASONS, STATES

PATH: Final = "/v1/ports"
LARGEST_BODY: Final = 256 * 1024
LONGEST_TEXT: Final = 120
NUMBER: Final = re.compile(r"[0-9]{6,15}")


class Unreadable(ValueError):
    """A message without the promised shape; the field at fault, never what stood in it."""


def text_of(content: dict[str, Any], name: str, *, optional: bool = False) -> str:
    """A printable text; "" only where it is optional."""
    value = content.get(name)
    if optional and value in (None, ""):
        return ""
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= LONGEST_TEXT:
        raise Unreadable(name)
    return value


def number_of(content: dict[str, Any]) -> int:
    """`number`: +, and 6 to 15 digits."""
    text = text_of(content, "number")
    digits = text.removeprefix("+")
    if text == digits or not NUMBER.fullmatch(digits):
        raise Unreadable("number")
    return int(digits)


def instant_of(content: dict[str, Any], name: str) -> datetime | None:
    """An ISO 8601 instant with its offset, in UTC; None where there is none."""
    text = text_of(content, name, optional=True)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(name) from None
    if at.tzinfo is None:
        raise Unreadable(name)
    return at.astimezone(UTC)


def word_of(content: dict[str, Any], name: str) -> str:
    """`state` or `reason`, which must be one of the port's words."""
    word = text_of(content, name, optional=name == "reason")
    if word not in (STATES if name == "state" else ("", *REASONS)):
        raise Unreadable(name)
    return word
