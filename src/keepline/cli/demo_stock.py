"""The demo's stock: numbers, cards and eSIM profiles for plans of all five presets.

Taken in as an operator does it, from files, by `load_pools` and `import_stock`.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from importlib.resources import as_file
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from keepline.cli import demo_shelves as shelves
from keepline.flows.import_stock import StockFile, import_stock
from keepline.flows.load_pools import load_pools


def load_stock(now: datetime, ordered: bool) -> None:
    """Brings it in; again, it changes nothing. `ordered`: with profiles that an SM-DP+ gives."""
    with as_file(shelves.POOLS) as path:
        load_pools(path, "demo", now)
    with TemporaryDirectory(prefix="keepline-demo-") as folder:
        _import("numbers", shelves.numbers(), Path(folder), now)
        _import("cards", shelves.cards(), Path(folder), now)
        # Files of their own: one that has been read once is known and costs nothing more.
        _import("profiles", shelves.coded_profiles(), Path(folder), now)
        if ordered:
            _import("profiles", shelves.ordered_profiles(), Path(folder), now)


def _import(kind: str, given: Iterator[shelves.Row], folder: Path, now: datetime) -> None:
    rows, path = list(given), folder / f"demo-{kind}.csv"
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, columns)
        writer.writeheader()
        writer.writerows(rows)
    file = StockFile(kind, path)
    import_stock(file, check=False, now=now, progress=lambda *_: None, report=_must_be_empty)


def _must_be_empty(refused: Iterator[Any]) -> None:
    for row in refused:
        raise AssertionError(f"the demo's own stock is refused: {row}")
