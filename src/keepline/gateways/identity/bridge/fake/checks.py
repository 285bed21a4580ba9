"""What the fake identity provider knows: its checks, and what became of each."""

import sqlite3
from typing import Any

Row = dict[str, Any]


class OtherContent(ValueError):
    """The id came before with another address to go back to."""


class Checks:
    """Over one store. `own_url`: where its pages are."""

    def __init__(self, store: sqlite3.Connection, own_url: str) -> None:
        self.store, self._own_url = store, own_url

    def start(self, check_id: str, return_url: str, language: str) -> Row:
        """One that begins, or the one that this id began. Raises OtherContent."""
        self.store.execute(
            "INSERT OR IGNORE INTO checks (id, return_url, language) VALUES (?, ?, ?)",
            (check_id, return_url, language),
        )
        found = self.find(check_id)
        assert found is not None
        if found["return_url"] != return_url:
            raise OtherContent("this id came before with other content")
        return found

    def find(self, check_id: str) -> Row | None:
        """One check."""
        row = self.store.execute("SELECT * FROM checks WHERE id = ?", (check_id,)).fetchone()
        return dict(row) if row else None

    def decide(
        self, check_id: str, result: str, reason: str, country: str, of_age: bool | None
    ) -> Row | None:
        """What becomes of one that is pending; what was decided stays."""
        self.store.execute(
            "UPDATE checks SET result = ?, reason = ?, country = ?, of_age = ?"
            " WHERE id = ? AND result = 'pending'",
            (result, reason, country, of_age, check_id),
        )
        return self.find(check_id)

    def shown(self, row: Row) -> Row:
        """As the operator sees it (docs/gateways/identity.md)."""
        pending = row["result"] == "pending"
        return {
            "id": row["id"],
            "result": row["result"],
            "page_url": f"{self._own_url}/checks/{row['id']}" if pending else "",
            "reason": row["reason"],
            "country": row["country"],
            "of_age": None if row["of_age"] is None else bool(row["of_age"]),
        }
