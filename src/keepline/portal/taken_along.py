"""Messages as files that are written while they are read: CSV for people, JSON for programs."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from keepline.flows.export_messages import ExportedMessage

COLUMNS: Final = ("number", "sender", "received_at", "sent_at", "text")
FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What csv.writer writes to: it hands the line on."""

    def write(self, line: str) -> str:
        return line


def as_csv(messages: Iterable[ExportedMessage]) -> Iterator[str]:
    """With a mark that tells spreadsheets that it is UTF-8.

    A cell that they would take for a formula gets an apostrophe before it (OWASP, CSV injection).
    """
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for each in messages:
        yield writer.writerow([_harmless(str(value)) for value in _values(each).values()])


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_BEGINS) else cell


def as_json(messages: Iterable[ExportedMessage]) -> Iterator[str]:
    """{"messages": [...]}, exactly as they came."""
    yield '{"messages": ['
    between = "\n"
    for each in messages:
        yield between + json.dumps(_values(each), ensure_ascii=False)
        between = ",\n"
    yield "\n]}\n"


def _values(message: ExportedMessage) -> dict[str, str]:
    sent_at = message.sent_at.isoformat() if message.sent_at else ""
    return {
        "number": message.number,
        "sender": message.sender,
        "received_at": message.received_at.isoformat(),
        "sent_at": sent_at,
        "text": message.text,
    }


Write = Callable[[Iterable[ExportedMessage]], Iterator[str]]
FORMS: Final[dict[str, tuple[Write, str]]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "json": (as_json, "application/json"),
}
