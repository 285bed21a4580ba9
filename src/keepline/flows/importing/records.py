"""Splits a CSV into records, one bad quote costing no more than its own row. No meaning here."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

LONGEST_LINE = 1 << 20  # characters; a file without line ends must not fill the memory
LONGEST_RECORD = 20  # lines, where a quoted cell has line ends of its own
OPEN_STILL = "unexpected end of data"  # csv's words for a quote that was not closed

Record = tuple[int, list[str], str]  # the number of its first line, its cells, its fault


def records(path: Path, encoding: str, delimiter: str) -> Iterator[Record]:
    """All records, the header first. Memory is a few lines.

    `fault` is empty, quote_never_closed or badly_quoted; a record at fault has no cells. Bytes
    that are not of the encoding become U+FFFD.
    """
    with path.open(encoding=encoding, newline="", errors="replace") as text:
        lines, width = Lines(text), 0
        while (line := lines.next()) is not None:
            number = lines.number
            if '"' in line:
                cells, fault = lines.quoted(line, delimiter, width)
            elif bare := line.rstrip("\r\n"):
                cells, fault = bare.split(delimiter), ""
            else:
                continue
            width = width or len(cells)
            yield number, cells, fault


class Lines:
    """A file's lines, some of which may be put back."""

    def __init__(self, text: TextIO) -> None:
        self.text = text
        self.back: list[str] = []  # the next one last
        self.number = 0

    def next(self) -> str | None:
        """The next line with its end, None behind the last."""
        line = self.back.pop() if self.back else self.text.readline(LONGEST_LINE)
        self.number += 1
        return line or None

    def quoted(self, first: str, delimiter: str, width: int) -> tuple[list[str], str]:
        """The cells of a record with quotes, and its fault.

        Lines are added while a quote is open. Where that leads to nothing that is as wide as the
        header, the first line alone is at fault, and the others are put back.
        """
        taken, fault = [first], "quote_never_closed"
        while True:
            try:
                cells = next(csv.reader(taken, delimiter=delimiter, strict=True), [])
            except csv.Error as error:
                if str(error) != OPEN_STILL:
                    fault = "badly_quoted"
                    break
            else:
                if len(taken) == 1 or width in (0, len(cells)):
                    return cells, ""
                break
            more = self.next() if len(taken) < LONGEST_RECORD else None
            if more is None:
                break
            taken.append(more)
        self.back.extend(reversed(taken[1:]))
        self.number -= len(taken) - 1
        return [], fault
