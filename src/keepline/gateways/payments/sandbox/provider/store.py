"""SQLite under the provider: what was committed survives a kill -9 and a power cut."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path


def open_store(data_dir: Path) -> sqlite3.Connection:
    """The provider's database in `data_dir`, made if need be.

    WAL with synchronous=FULL: every commit is on the disk before it is answered. One process,
    one thread, one connection: the port keeps a second provider away.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    store = sqlite3.connect(data_dir / "provider.sqlite3", isolation_level=None, timeout=5)
    store.row_factory = sqlite3.Row
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=FULL")
    store.execute("PRAGMA foreign_keys=ON")
    store.executescript(files(__package__).joinpath("schema.sql").read_text("utf-8"))
    return store


@contextmanager
def transaction(store: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing. Not to be nested, and never held over an await."""
    store.execute("BEGIN IMMEDIATE")
    try:
        yield store
    except BaseException:
        store.execute("ROLLBACK")
        raise
    store.execute("COMMIT")
