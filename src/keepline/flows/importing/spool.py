"""Judged rows on disk, by slot: what is loaded together lies together.

Rows that come sorted by slot fill every index from left to right, and an account's rows are
always in one batch. A file of any size is sorted with the memory of a few thousand rows.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from keepline.flows.importing.judging import Refusal

KEPT_BACK = 50_000  # rows in memory before they are written


class Spool:
    """What one judge writes. `part` tells its files from those of the other judges."""

    def __init__(self, folder: Path, part: int) -> None:
        self.folder, self.part = folder, part
        self.sizes: Counter[int] = Counter()  # slot -> rows, good and bad
        self._good: list[str] = []
        self._bad: list[tuple[int, Refusal]] = []

    def good(self, line: str) -> None:
        """A line of COPY; its slot stands first, in three places (judging.STAGED)."""
        self._good.append(line)
        if len(self._good) >= KEPT_BACK:
            self.flush()

    def bad(self, slot: int, refusal: Refusal) -> None:
        """A row that stays out, with the slot its account would have."""
        self._bad.append((slot, refusal))
        if len(self._bad) >= KEPT_BACK:
            self.flush()

    def flush(self) -> None:
        """Writes what is waiting. Raises OSError when the disk is full."""
        for slot, lines in groupby(sorted(self._good), key=itemgetter(slice(3))):
            self._write("good", int(slot), list(lines))
        for number, refusals in groupby(sorted(self._bad), key=itemgetter(0)):
            self._write("bad", number, [json.dumps(bad) + "\n" for _, bad in refusals])
        self._good.clear()
        self._bad.clear()

    def _write(self, kind: str, slot: int, lines: list[str]) -> None:
        self.sizes[slot] += len(lines)
        with (self.folder / f"{kind}.{slot}.{self.part}").open("a", encoding="utf-8") as out:
            out.writelines(lines)


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
