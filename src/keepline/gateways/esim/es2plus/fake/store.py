"""What the fake SM-DP+ keeps: its profiles (gateways/fake_store.py)."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from keepline.gateways.fake_store import opened, transaction


def open_store(data_dir: Path) -> sqlite3.Connection:
    """The fake's memory in `data_dir`, made if need be."""
    return opened(data_dir / "fake-smdp.sqlite3", __package__)


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
