"""A fake network: it changes no real line. Shipped for the demo, development and tests.

Its memory is one SQLite file that web, workers and tests share. It behaves well unless told
otherwise, for one line or for all (`set_behaviour`, or the table `behaviour` from outside):

    slow:S       every call answers S seconds late; beyond the time-out there is no answer
    refuse:CODE  apply is rejected with CODE (refuse alone: not_allowed)
    no_answer    apply is done, but no answer comes
    lost         apply is not done, and no answer comes
    late:S       no answer comes, and the operation is applied S seconds later
    down         no call is answered and none does anything
"""

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, fields
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

from .port import (
    DesiredService,
    NetworkAnswer,
    NetworkOperation,
    NetworkOutcome,
    NetworkRecord,
    NetworkUnknown,
    Subscriber,
)

WORD: Final = re.compile(
    r"normal|(?:slow|late):\d{1,6}(?:\.\d+)?|refuse(?::[a-z_]{1,40})?|no_answer|lost|down"
)
EVERY_LINE: Final = "*"


class FakeNetwork:
    """The fake behind the network port. Safe to share between threads and processes.

    `clock` gives unix seconds and `sleep` waits; tests may pass their own.
    """

    name = "fake"
    keeps: Final = frozenset(field.name for field in fields(DesiredService))
    remembers: Final = True

    def __init__(
        self,
        state_file: Path,
        timeout_s: float = 10.0,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._file = state_file
        self._timeout_s = timeout_s
        self._clock = clock
        self._sleep = sleep
        state_file.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as memory:
            memory.execute("PRAGMA journal_mode=WAL")
            memory.executescript(files(__package__).joinpath("fake_network.sql").read_text())

    def apply(self, operation: NetworkOperation) -> NetworkAnswer:
        """See the port."""
        with self._memory() as memory:
            word = self._behaviour(memory, operation.subscriber.line_ref)
        self._wait(word)
        if word == "lost":
            raise NetworkUnknown("no answer (lost on demand)")
        with self._memory() as memory:
            self._store(memory, operation, word)
            answer = self._answer(memory, operation.operation_id)
        if word == "no_answer" or word.startswith("late"):
            raise NetworkUnknown("no answer (on demand)")
        return answer

    def apply_many(
        self, operations: Sequence[NetworkOperation]
    ) -> list[NetworkAnswer | NetworkUnknown]:
        """See the port."""
        return [_heard(self.apply, operation) for operation in operations]

    def ask(self, operation: NetworkOperation) -> NetworkAnswer:
        """See the port."""
        self._hold_back(operation.subscriber.line_ref)
        with self._memory() as memory:
            return self._answer(memory, operation.operation_id)

    def ask_many(
        self, operations: Sequence[NetworkOperation]
    ) -> list[NetworkAnswer | NetworkUnknown]:
        """See the port."""
        return [_heard(self.ask, operation) for operation in operations]

    def revert(
        self, operation_id: UUID, subscriber: Subscriber, standing: DesiredService | None
    ) -> NetworkAnswer:
        """See the port."""
        self._hold_back(subscriber.line_ref)
        with self._memory() as memory:
            memory.execute(
                "INSERT INTO operations (operation_id, line_ref, state) VALUES (?, ?, 'reverted')"
                " ON CONFLICT (operation_id) DO UPDATE SET state = 'reverted'",
                (str(operation_id), subscriber.line_ref),
            )
            self._restore(memory, operation_id, subscriber, standing)
            return self._answer(memory, operation_id)

    def read(self, subscriber: Subscriber) -> NetworkRecord | None:
        """See the port."""
        self._hold_back(subscriber.line_ref)
        with self._memory() as memory:
            return self._record(memory, subscriber.line_ref, subscriber.iccid)

    def read_many(self, subscribers: Sequence[Subscriber]) -> list[NetworkRecord | None]:
        """See the port."""
        return [self.read(subscriber) for subscriber in subscribers]

    def complaints(self) -> list[str]:
        """See the port."""
        try:
            self._hold_back(EVERY_LINE)
        except NetworkUnknown as silence:
            return [f"The fake network gives no answer: {silence}."]
        return []

    def set_behaviour(
        self, word: str, line_ref: str = EVERY_LINE, times: int | None = None
    ) -> None:
        """From now on, or for the next `times` calls. ValueError for a word that is none."""
        if not WORD.fullmatch(word) or (times is not None and times < 1):
            raise ValueError(f"{word!r} ({times} times) is no behaviour of the fake network")
        with self._memory() as memory:
            memory.execute(
                "INSERT OR REPLACE INTO behaviour VALUES (?, ?, ?)", (line_ref, word, times)
            )

    def _connect(self) -> sqlite3.Connection:
        memory = sqlite3.connect(self._file, isolation_level=None, timeout=self._timeout_s)
        # Survives a kill -9; only a power cut may take the last moments, as in a real network.
        memory.execute("PRAGMA synchronous=NORMAL")
        memory.row_factory = sqlite3.Row
        return memory

    @contextmanager
    def _memory(self) -> Iterator[sqlite3.Connection]:
        """One transaction of the fake; a file that cannot be used is a network without answer."""
        try:
            with closing(self._connect()) as memory:
                memory.execute("BEGIN IMMEDIATE")
                yield memory
                memory.execute("COMMIT")
        except sqlite3.Error as error:
            raise NetworkUnknown(f"the fake's memory cannot be used: {error}") from error

    def _behaviour(
        self, memory: sqlite3.Connection, line_ref: str, kinds: tuple[str, ...] = ()
    ) -> str:
        """The word in force, the line's before everybody's; counts down the one it uses."""
        row = memory.execute(
            "SELECT * FROM behaviour WHERE line_ref IN (?, ?) ORDER BY line_ref = ? LIMIT 1",
            (line_ref, EVERY_LINE, EVERY_LINE),
        ).fetchone()
        if row is None or (kinds and row["word"].partition(":")[0] not in kinds):
            return "normal"
        if row["times"] is not None:
            memory.execute(
                "UPDATE behaviour SET times = times - 1 WHERE line_ref = ?", (row["line_ref"],)
            )
            memory.execute("DELETE FROM behaviour WHERE times = 0")
        word: str = row["word"]
        return word

    def _hold_back(self, line_ref: str) -> None:
        """The part of the behaviour that concerns every call, not only apply."""
        with self._memory() as memory:
            word = self._behaviour(memory, line_ref, ("slow", "down"))
        self._wait(word)  # outside the transaction, or one slow line would stop all

    def _wait(self, word: str) -> None:
        if word == "down":
            raise NetworkUnknown("no answer (down on demand)")
        if word.startswith("slow:"):
            seconds = float(word.removeprefix("slow:"))
            self._sleep(min(seconds, self._timeout_s))
            if seconds > self._timeout_s:
                raise NetworkUnknown("no answer in time (slow on demand)")

    def _store(self, memory: sqlite3.Connection, operation: NetworkOperation, word: str) -> None:
        """The first arrival of an operation decides; every later one changes nothing."""
        kind, _, detail = word.partition(":")
        refused = kind == "refuse"
        self._write(
            memory,
            operation,
            state="rejected" if refused else "applied",
            code=(detail or "not_allowed") if refused else "",
            applies_at=self._clock() + float(detail) if kind == "late" else 0,
        )

    def _restore(
        self,
        memory: sqlite3.Connection,
        operation_id: UUID,
        subscriber: Subscriber,
        standing: DesiredService | None,
    ) -> None:
        """What the books say stands, as an operation of its own; nothing where it stands anyway."""
        wanted = standing and NetworkRecord(subscriber.msisdn, standing)
        if self._record(memory, subscriber.line_ref, subscriber.iccid) != wanted:
            seq = memory.execute("SELECT coalesce(max(seq), 0) FROM operations").fetchone()[0]
            own_id = uuid5(operation_id, f"standing after {seq}")
            self._write(memory, NetworkOperation(own_id, subscriber, standing), state="applied")

    def _write(
        self,
        memory: sqlite3.Connection,
        operation: NetworkOperation,
        state: str,
        code: str = "",
        applies_at: float = 0,
    ) -> None:
        subscriber = operation.subscriber
        memory.execute(
            "INSERT INTO operations (operation_id, line_ref, msisdn, iccid, desired, state, code,"
            " applies_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (operation_id) DO NOTHING",
            (
                str(operation.operation_id),
                subscriber.line_ref,
                subscriber.msisdn,
                subscriber.iccid,
                operation.desired and _written(operation.desired),
                state,
                code,
                applies_at,
            ),
        )

    def _answer(self, memory: sqlite3.Connection, operation_id: UUID) -> NetworkAnswer:
        row = memory.execute(
            "SELECT * FROM operations WHERE operation_id = ?", (str(operation_id),)
        ).fetchone()
        if row is None or (row["state"] == "applied" and row["applies_at"] > self._clock()):
            return NetworkAnswer("not_found")
        if row["state"] == "rejected":
            return NetworkAnswer("rejected", None, row["code"], "refused by the fake network")
        outcome: NetworkOutcome = "confirmed" if row["state"] == "applied" else "reverted"
        record = self._record(memory, row["line_ref"])
        return NetworkAnswer(outcome, None if record is None else record.service)

    def _record(
        self, memory: sqlite3.Connection, line_ref: str, iccid: str | None = None
    ) -> NetworkRecord | None:
        """What the newest operation that stands has made of the line; nothing on another SIM."""
        row = memory.execute(
            "SELECT msisdn, iccid, desired FROM operations WHERE line_ref = ? AND state = 'applied'"
            " AND applies_at <= ? ORDER BY seq DESC LIMIT 1",
            (line_ref, self._clock()),
        ).fetchone()
        if row is None or row["desired"] is None:
            return None
        if iccid is not None and row["iccid"] not in (None, iccid):
            return None
        return NetworkRecord(row["msisdn"], _read(row["desired"]))


def _heard(
    call: Callable[[NetworkOperation], NetworkAnswer], operation: NetworkOperation
) -> NetworkAnswer | NetworkUnknown:
    try:
        return call(operation)
    except NetworkUnknown as silence:
        return silence


def _written(service: DesiredService) -> str:
    content = asdict(service)
    if service.valid_until is not None:
        content["valid_until"] = service.valid_until.isoformat()
    return json.dumps(content)


def _read(text: str) -> DesiredService:
    content = json.loads(text)
    if content["valid_until"] is not None:
        content["valid_until"] = datetime.fromisoformat(content["valid_until"])
    return DesiredService(**content)
