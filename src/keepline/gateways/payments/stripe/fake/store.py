"""SQLite under FakeStripe: objects as JSON, and the first answer to each idempotency key."""

import json
import sqlite3
from pathlib import Path
from typing import Any

Json = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq  INTEGER PRIMARY KEY,
    id   TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS answers (
    key    TEXT PRIMARY KEY,
    call   TEXT NOT NULL,
    status INTEGER NOT NULL,
    body   TEXT NOT NULL
) STRICT;
"""


class Store:
    """One process, one thread, one connection; each call is committed when it returns."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(data_dir / "fake.sqlite3", isolation_level=None)
        self._db.executescript(SCHEMA)

    def put(self, item: Json) -> Json:
        """Stores an object by its id, new or changed."""
        self._db.execute(
            "INSERT INTO objects (id, body) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (item["id"], json.dumps(item)),
        )
        return item

    def get(self, object_id: str) -> Json | None:
        """The object with that id."""
        row = self._db.execute("SELECT body FROM objects WHERE id = ?", (object_id,)).fetchone()
        return json.loads(row[0]) if row else None

    def newest(self, kind: str) -> list[Json]:
        """All objects of a kind, newest first."""
        rows = self._db.execute(
            "SELECT body FROM objects WHERE body ->> '$.object' = ? ORDER BY seq DESC", (kind,)
        )
        return [json.loads(body) for (body,) in rows]

    def answer(self, key: str) -> tuple[str, int, str] | None:
        """(call, status, body) of the first answer under a key."""
        row: tuple[str, int, str] | None = self._db.execute(
            "SELECT call, status, body FROM answers WHERE key = ?", (key,)
        ).fetchone()
        return row

    def keep_answer(self, key: str, call: str, status: int, body: str) -> None:
        """Keeps the first answer under a key."""
        self._db.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (key, call, status, body))

    def forget_answers(self) -> None:
        """Forgets the answers to all keys."""
        self._db.execute("DELETE FROM answers")
