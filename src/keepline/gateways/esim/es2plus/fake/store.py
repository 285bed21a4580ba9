"""SQLite under the fake SM-DP+: one file, one process, one connection."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path


def open_store(data_dir: Path) -> sqlite3.Connection:
    """The fake's memory in `data_dir`, made if need be."""
    data_dir.mkdir(parents=True, exist_ok=True)
    store = sqlite3.connect(data_dir / "fake-smdp.sqlite3", isolation_level=None, timeout=5)
    store.row_factory = sqlite3.Row
    store.execute("PRAGMA journal_mode=WAL")
    store.executescript(files(__package__).joinpath("schema.sql").read_text("utf-8"))
    return store


def put_profiles(store: sqlite3.Connection, rows: Iterable[tuple[str, str]]) -> None:
    """Puts profiles (ICCID, type) in stock; those that are there stay as they are."""
    with transaction(store):
        store.executemany(
            "INSERT OR IGNORE INTO profiles (iccid, profile_type) VALUES (?, ?)", rows
        )


def put_released(
    store: sqlite3.Connection, iccid: str, profile_type: str, matching_id: str, code: str | None
) -> None:
    """A profile that was sold with its activation code; one that is there stays as it is."""
    store.execute(
        "INSERT OR IGNORE INTO profiles (iccid, profile_type, state, matching_id,"
        " confirmation_code) VALUES (?, ?, 'Released', ?, ?)",
        (iccid, profile_type, matching_id, code),
    )


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
