"""What both sides of the bridge's interface agree on (docs/gateways/porting.md)."""

import re
from typing import Any, Final

from keepline.gateways.bridging import Unreadable, text_of
from keepline.gateways.porting.port import REASONS, STATES

PATH: Final = "/v1/ports"
NUMBER: Final = re.compile(r"[0-9]{6,15}")


def number_of(content: dict[str, Any]) -> int:
    """`number`: +, and 6 to 15 digits."""
    text = text_of(content, "number")
    digits = text.removeprefix("+")
    if text == digits or not NUMBER.fullmatch(digits):
        raise Unreadable("number")
    return int(digits)


def word_of(content: dict[str, Any], name: str) -> str:
    """`state` or `reason`, which must be one of the port's words."""
    word = text_of(content, name, optional=name == "reason")
    if word not in (STATES if name == "state" else ("", *REASONS)):
        raise Unreadable(name)
    return word
