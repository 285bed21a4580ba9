"""Stripe's form encoding: line_items[0][price_data][currency]=eur."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]


def parsed(text: str) -> Json:
    """Nested objects of a query or a body; a list becomes an object with the keys 0, 1, ..."""
    content: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, *rest = name.replace("]", "").split("[")
        place, last = content, first
        for part in rest:
            place = place.setdefault(last, {})
            last = part
        place[last] = value
    return content


def paths(content: Json, prefix: str = "") -> list[str]:
    """The expand paths of a call, without `prefix`, which those of lists have."""
    given: Iterable[str] = content.get("expand", {}).values()
    return [path.removeprefix(prefix) for path in given]
