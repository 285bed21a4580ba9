"""SQLite under the fakes: one file, one process, one connection."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path


def opened(path: Path | str, package: str) -> sqlite3.Connection:
    """The store in a file, or `:memory:`, made if need be as `package`'s schema.sql says."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    store = sqlite3.connect(path, isolation_level=None, timeout=5)
    store.row_factory = sqlite3.Row
    store.execute("PRAGMA journal_mode=WAL")
    store.executescript(files(package).joinpath("schema.sql").read_text("utf-8"))
    return store


@contextmanager
def transaction(store: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. Not to be nested, and never held over an await."""
    store.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        store.execute("ROLLBACK")
        raise
    store.execute("COMMIT")
