"""A clearing house in memory, for tests of flows: the fake's own books without its process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from keepline.gateways import switchboard
from keepline.gateways.fake_store import opened
from keepline.gateways.porting.bridge import fake
from keepline.gateways.porting.bridge.adapter import _asked, _read
from keepline.gateways.porting.bridge.fake.app import shown
from keepline.gateways.porting.bridge.fake.books import (
    ELSEWHERE,
    Books,
    OtherContent,
    Row,
    real_time,
)
from keepline.gateways.porting.port import (
    Asked,
    Porting,
    PortingUnknown,
    PortRequest,
    RejectReason,
)

OURS = "keepline"


@dataclass
class ScriptedHouse:
    """As operator `keepline`. Each call takes the next word of `script`: lost (it never arrives),
    mute (it is carried out, the answer is lost) or ok; `deaf` loses all."""

    script: list[str] = field(default_factory=list)
    deaf: bool = False
    notice_s: float = 0.0
    operator: str = OURS
    shows: datetime | None = None  # its clock; None: real time
    name: str = "bridge"

    def __post_init__(self) -> None:
        self.books = Books(opened(":memory:", fake.__name__), lambda: self.shows or real_time())

    # --- the port

    def request(self, request: PortRequest) -> Porting:
        return self._one(
            lambda: self.books.request(
                str(request.port_id),
                self.operator,
                str(request.e164),
                request.code,
                request.holder,
                self.notice_s,
            ),
            request.port_id,
        )

    def cut_over(self, port_id: UUID) -> Porting:
        return self._one(lambda: self.books.cut_over(str(port_id), self.operator), port_id)

    def requests(self) -> Sequence[Asked]:
        mood = self._mood()
        rows = self.books.waiting_for(self.operator)
        if mood == "mute":
            raise PortingUnknown("mute")
        return [_asked(shown(row, waits=True)) for row in rows]

    def accept(self, port_id: UUID, cut_over_at: datetime) -> Porting:
        return self._one(
            lambda: self.books.accept(str(port_id), self.operator, cut_over_at), port_id
        )

    def reject(self, port_id: UUID, reason: RejectReason) -> Porting:
        return self._one(lambda: self.books.reject(str(port_id), self.operator, reason), port_id)

    def cancel(self, port_id: UUID) -> Porting:
        return self._one(lambda: self.books.cancel(str(port_id), self.operator), port_id)

    def return_number(self, port_id: UUID) -> Porting:
        return self._one(lambda: self.books.return_number(str(port_id), self.operator), port_id)

    def ask(self, port_id: UUID) -> Porting:
        return self._one(lambda: self.books.port(str(port_id)), port_id)

    def complaints(self) -> list[str]:
        return []

    def _mood(self) -> str:
        mood = "lost" if self.deaf else self.script.pop(0) if self.script else "ok"
        if mood == "lost":
            raise PortingUnknown("lost")
        return mood

    def _one(self, act: object, port_id: UUID) -> Porting:
        mood = self._mood()
        try:
            row: Row | None = act()  # type: ignore[operator]
        except OtherContent as refused:
            raise PortingUnknown(str(refused)) from None
        if mood == "mute":
            raise PortingUnknown("mute")
        return _read(shown(row)) if row else Porting(port_id, 0, "not_found")

    # --- from behind

    def owns(self, e164: int, operator: str = OURS, code: str = "", holder: str = "") -> None:
        """Whose a number is."""
        self.books.enter([(str(e164), operator, code, holder)])

    def owner(self, e164: int) -> str | None:
        return self.books.operator_of(str(e164))

    def wanted(self, e164: int, code: str) -> UUID:
        """The other operator asks for a number of ours."""
        port_id = uuid4()
        self.books.request(str(port_id), ELSEWHERE, str(e164), code, "", 0)
        return port_id

    def cuts_over(self, port_id: UUID) -> str:
        """The other operator cuts over, if it is time; the state then."""
        row = self.books.cut_over(str(port_id), ELSEWHERE)
        assert row is not None
        return str(row["state"])

    def thinks_better(self, port_id: UUID) -> None:
        """The other operator takes its request back."""
        self.books.cancel(str(port_id), ELSEWHERE)

    def state(self, port_id: UUID) -> str:
        row = self.books.port(str(port_id))
        return str(row["state"]) if row else "not_found"


@pytest.fixture
def house() -> Iterator[ScriptedHouse]:
    """A clearing house is connected; for other tests there is none."""
    found = ScriptedHouse()
    switchboard.connect("porting", lambda: found)
    yield found
    switchboard._factories.pop("porting", None)
