"""Judged rows on disk, by slot: what is loaded together lies together.

Rows that come sorted by slot fill every index from left to right, and an account's rows are
always in one batch. A file of any size is sorted with the memory of a few thousand rows.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from keepline.flows.importing.judging import Refusal

KEPT_BACK = 50_000  # rows in memory before they are written


class Spool:
    """What one judge writes. `part` tells its files from those of the other judges."""

    def __init__(self, folder: Path, part: int) -> None:
        self.folder, self.part = folder, part
        self.sizes: Counter[int] = Counter()  # slot -> rows, good and bad
        self._waiting: defaultdict[str, list[str]] = defaultdict(list)
        self._rows_waiting = 0

    def good(self, line: str) -> None:
        """A line of COPY; its slot stands first (judging.STAGED)."""
        self._add("good", int(line[:3]), line)

    def bad(self, slot: int, refusal: Refusal) -> None:
        """A row that stays out, with the slot its account would have."""
        self._add("bad", slot, json.dumps(refusal) + "\n")

    def _add(self, kind: str, slot: int, line: str) -> None:
        self.sizes[slot] += 1
        self._waiting[f"{kind}.{slot}"].append(line)
        self._rows_waiting += 1
        if self._rows_waiting >= KEPT_BACK:
            self.flush()

    def flush(self) -> None:
        """Writes what is waiting. Raises OSError when the disk is full."""
        for name, lines in self._waiting.items():
            with (self.folder / f"{name}.{self.part}").open("a", encoding="utf-8") as out:
                out.writelines(lines)
        self._waiting.clear()
        self._rows_waiting = 0


def good_rows(folder: Path, slots: Iterable[int]) -> list[bytes]:
    """The lines of COPY of some slots, sorted."""
    found = (line for path in _files(folder, "good", slots) for line in path.open("rb"))
    return sorted(found)


def bad_rows(folder: Path, slots: Iterable[int]) -> list[Refusal]:
    """The refused rows of some slots."""
    files = _files(folder, "bad", slots)
    return [Refusal(*json.loads(line)) for path in files for line in path.open(encoding="utf-8")]


def _files(folder: Path, kind: str, slots: Iterable[int]) -> Iterator[Path]:
    for slot in slots:
        yield from sorted(folder.glob(f"{kind}.{slot}.*"))
