"""What the fake clearing house knows: whose each number is, and every porting.

One operator beside ours is its own, `elsewhere`: it lets numbers go at once to whoever has their
code and their holder's name, asks for ours by `/control`, and cuts over as soon as its date has
come and somebody looks.
"""

import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from keepline.gateways.fake_store import opened, transaction

ELSEWHERE: Final = "elsewhere"
AT_ONCE: Final = 100  # requests that are listed at a time
OPEN: Final = ("requested", "validated", "scheduled")
Row = dict[str, Any]


class OtherContent(ValueError):
    """The id came before with another number or code."""


def real_time() -> datetime:
    """What this machine's clock shows."""
    return datetime.now(UTC)


def open_store(data_dir: Path) -> sqlite3.Connection:
    """The fake's memory in `data_dir`."""
    return opened(data_dir / "fake-clearing-house.sqlite3", __package__)


class Books:
    """Over one store. `clock` says whether a date has come."""

    def __init__(
        self, store: sqlite3.Connection, clock: Callable[[], datetime] = real_time
    ) -> None:
        self.store, self._clock = store, clock

    def enter(self, numbers: Iterable[tuple[str, str, str, str]]) -> None:
        """Numbers with operator, code and holder; those that are there are written anew."""
        with transaction(self.store):
            self.store.executemany("INSERT OR REPLACE INTO numbers VALUES (?, ?, ?, ?)", numbers)

    def operator_of(self, number: str) -> str | None:
        """Whose it is now."""
        row = self.store.execute("SELECT operator FROM numbers WHERE number = ?", (number,))
        found = row.fetchone()
        return found["operator"] if found else None

    def port(self, port_id: str) -> Row | None:
        """One porting."""
        row = self.store.execute("SELECT * FROM ports WHERE id = ?", (port_id,)).fetchone()
        return dict(row) if row else None

    def looked_at(self, port_id: str) -> Row | None:
        """The same, for one of its operators."""
        port = self.port(port_id)
        if port and port["recipient"] == ELSEWHERE and port["state"] == "scheduled":
            return self.cut_over(port_id, ELSEWHERE)
        return port

    def waiting_for(self, donor: str) -> list[Row]:
        """What a donor has not answered, the oldest first."""
        query = "SELECT * FROM ports WHERE donor = ? AND state = 'requested' ORDER BY seq LIMIT ?"
        return [dict(row) for row in self.store.execute(query, (donor, AT_ONCE))]

    def request(
        self, port_id: str, recipient: str, number: str, code: str, holder: str, notice_s: float
    ) -> Row:
        """A porting that begins, or the one that this id began. `elsewhere` answers at once."""
        with transaction(self.store):
            known = self.port(port_id)
            if known is None:
                known = self._begin(port_id, recipient, number, code, holder)
                if known["donor"] == ELSEWHERE and known["state"] == "requested":
                    known = self._answered_elsewhere(known, notice_s)
            elif (known["recipient"], known["number"], known["code"], known["holder"]) != (
                recipient,
                number,
                code,
                holder,
            ):
                raise OtherContent("this id came before with other content")
        return known

    def _begin(self, port_id: str, recipient: str, number: str, code: str, holder: str) -> Row:
        donor = self.operator_of(number)
        reason = ""
        if donor is None or donor == recipient:
            reason = "number_unknown"
        elif self._open_of(number):
            reason = "already_leaving"
        values = (port_id, number, code, holder, donor or "", recipient)
        state = "rejected" if reason else "requested"
        self.store.execute(
            "INSERT INTO ports (id, number, code, holder, donor, recipient, state, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, state, reason),
        )
        return self._found(port_id)

    def _open_of(self, number: str) -> bool:
        query = "SELECT 1 FROM ports WHERE number = ? AND state IN (?, ?, ?)"
        return self.store.execute(query, (number, *OPEN)).fetchone() is not None

    def _answered_elsewhere(self, port: Row, notice_s: float) -> Row:
        query = "SELECT code, holder FROM numbers WHERE number = ?"
        own = self.store.execute(query, (port["number"],)).fetchone()
        fits = own["code"] == port["code"] and own["holder"] in ("", port["holder"])
        if not fits:
            return self._move(port, "rejected", reason="code_refused")
        at = self._clock() + timedelta(seconds=notice_s)
        return self._move(port, "scheduled", cut_over_at=at.isoformat())

    def accept(self, port_id: str, donor: str, cut_over_at: datetime) -> Row | None:
        """The donor agrees; what it has answered before stays as it was."""
        return self._act(
            port_id, donor, "donor", "requested", "scheduled", cut_over_at=cut_over_at.isoformat()
        )

    def reject(self, port_id: str, donor: str, reason: str) -> Row | None:
        """The donor does not."""
        return self._act(port_id, donor, "donor", "requested", "rejected", reason=reason)

    def cancel(self, port_id: str, operator: str) -> Row | None:
        """One of both takes it back; what has ended stays as it is."""
        with transaction(self.store):
            port = self.port(port_id)
            if port is None or operator not in (port["donor"], port["recipient"]):
                return None
            return self._move(port, "cancelled") if port["state"] in OPEN else port

    def cut_over(self, port_id: str, recipient: str) -> Row | None:
        """The number is the recipient's, from its date on."""
        with transaction(self.store):
            port = self.port(port_id)
            if port is None or port["recipient"] != recipient:
                return None
            if port["state"] != "scheduled":
                return port
            if datetime.fromisoformat(port["cut_over_at"]) > self._clock():
                return port
            self._pass_on(port["number"], recipient)
            return self._move(port, "ported")

    def return_number(self, port_id: str, recipient: str) -> Row | None:
        """The number is the donor's again, if it came to the recipient and is with it still."""
        with transaction(self.store):
            port = self.port(port_id)
            if port is None or port["recipient"] != recipient:
                return None
            if port["state"] != "ported" or self.operator_of(port["number"]) != recipient:
                return port
            self._pass_on(port["number"], port["donor"])
            return self._move(port, "returned")

    def _pass_on(self, number: str, operator: str) -> None:
        query = "UPDATE numbers SET operator = ?, code = '', holder = '' WHERE number = ?"
        self.store.execute(query, (operator, number))

    def _act(
        self, port_id: str, operator: str, role: str, source: str, target: str, **columns: str
    ) -> Row | None:
        with transaction(self.store):
            port = self.port(port_id)
            if port is None or port[role] != operator:
                return None
            return self._move(port, target, **columns) if port["state"] == source else port

    def _move(self, port: Row, state: str, reason: str = "", cut_over_at: str = "") -> Row:
        self.store.execute(
            "UPDATE ports SET state = ?, reason = ?, cut_over_at = ? WHERE id = ?",
            (state, reason, cut_over_at or port["cut_over_at"], port["id"]),
        )
        return self._found(port["id"])

    def _found(self, port_id: str) -> Row:
        found = self.port(port_id)
        assert found is not None
        return found
