"""Reads what ES2+ messages say, strictly (SGP.22 6.5.1.4). `Unreadable` names what is wrong."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from .codes import CODE

LONGEST_TEXT: Final = 255
LONGEST_MESSAGE: Final = 500


class Unreadable(ValueError):
    """A message without the promised shape. `field` is the field at fault, or json."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class ExecutionStatus:
    """How a function, or a step of a download, ended. Codes are "" where there are none."""

    status: str
    subject_code: str = ""
    reason_code: str = ""
    message: str = field(default="", repr=False)

    @property
    def code(self) -> str:
        """Both codes as one word, as 8.2.1/3.9; "" without codes."""
        return f"{self.subject_code}/{self.reason_code}" if self.subject_code else ""


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("json") from error
    return object_of(content, "json")


def object_of(value: object, name: str) -> dict[str, Any]:
    """`value` as an object."""
    if not isinstance(value, dict):
        raise Unreadable(name)
    return value


def text_of(content: dict[str, Any], name: str, longest: int = LONGEST_TEXT) -> str:
    """A text that is there, has no control characters and is not longer than that."""
    value = content.get(name)
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= longest:
        raise Unreadable(name)
    return value


def optional_text(content: dict[str, Any], name: str) -> str | None:
    """The same of a field that may be missing, null or empty."""
    return text_of(content, name) if content.get(name) not in (None, "") else None


def read_status(value: object, name: str) -> ExecutionStatus:
    """The common type of function execution status and notification point status."""
    content = object_of(value, name)
    status = text_of(content, "status")
    data = content.get("statusCodeData")
    if data is None:
        return ExecutionStatus(status)
    codes = object_of(data, "statusCodeData")
    message = codes.get("message") or ""
    if not isinstance(message, str):
        raise Unreadable("message")
    return ExecutionStatus(
        status,
        _code(codes, "subjectCode"),
        _code(codes, "reasonCode"),
        "".join(filter(str.isprintable, message))[:LONGEST_MESSAGE],
    )


def _code(content: dict[str, Any], name: str) -> str:
    value = text_of(content, name)
    if not CODE.fullmatch(value):
        raise Unreadable(name)
    return value
