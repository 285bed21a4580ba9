"""A clearing house behind a bridge, as the porting port wants it (docs/gateways/porting.md).

Nothing that is sent or answered is logged or repeated in an error: codes are keys to a number.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID

from keepline.gateways.bridging import Bridge, NoAnswer, Unreadable, instant_of, text_of
from keepline.gateways.porting.port import (
    Asked,
    Porting,
    PortingUnknown,
    PortRequest,
    PortState,
    RejectReason,
)

from .wire import PATH, number_of, word_of

NOBODYS: Final = UUID("00000000-0000-7000-8000-000000000000")


class BridgedHouse:
    """Speaks to one bridge (gateways/bridging.py); safe to share between threads."""

    name = "bridge"

    def __init__(self, url: str, key: str, timeout_s: float) -> None:
        self._bridge = Bridge(url, key, "KEEPLINE_PORTING_KEY", timeout_s)

    def request(self, request: PortRequest) -> Porting:
        """See the port."""
        body = {"number": f"+{request.e164}", "code": request.code, "holder": request.holder}
        found = self._porting("PUT", request.port_id, "", body)
        if found.e164 != request.e164:
            raise PortingUnknown("the answer speaks of another number")
        return found

    def cut_over(self, port_id: UUID) -> Porting:
        """See the port."""
        return self._porting("POST", port_id, "/cut-over")

    def requests(self) -> Sequence[Asked]:
        """See the port."""
        content = self._call("GET", f"{PATH}?waiting=donor")
        listed = content.get("ports")
        if not isinstance(listed, list):
            raise PortingUnknown("unreadable answer (ports)")
        return [_asked(row) for row in listed]

    def accept(self, port_id: UUID, cut_over_at: datetime) -> Porting:
        """See the port."""
        at = cut_over_at.astimezone(UTC).isoformat()
        return self._porting("POST", port_id, "/accept", {"cut_over_at": at})

    def reject(self, port_id: UUID, reason: RejectReason) -> Porting:
        """See the port."""
        return self._porting("POST", port_id, "/reject", {"reason": reason})

    def cancel(self, port_id: UUID) -> Porting:
        """See the port."""
        return self._porting("POST", port_id, "/cancel")

    def return_number(self, port_id: UUID) -> Porting:
        """See the port."""
        return self._porting("POST", port_id, "/return")

    def ask(self, port_id: UUID) -> Porting:
        """See the port."""
        return self._porting("GET", port_id)

    def complaints(self) -> list[str]:
        """Asks for a porting that there cannot be: whoever may ask hears that. See the port."""
        try:
            self.ask(NOBODYS)
        except PortingUnknown as silence:
            return [f"no sensible answer ({silence})"]
        return []

    def _porting(
        self, method: str, port_id: UUID, act: str = "", body: Mapping[str, object] | None = None
    ) -> Porting:
        content = self._call(method, f"{PATH}/{port_id}{act}", body)
        if content.get("state") == "not_found":
            return Porting(port_id, 0, "not_found")
        found = _read(content)
        if found.port_id != port_id:
            raise PortingUnknown("the answer speaks of another porting")
        return found

    def _call(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        try:
            return self._bridge.call(method, path, body)
        except NoAnswer as silence:
            raise PortingUnknown(str(silence)) from silence


def _read(content: object) -> Porting:
    """An answer without the promised shape says nothing certain."""
    try:
        if not isinstance(content, dict):
            raise Unreadable("port")
        state, at = word_of(content, "state"), instant_of(content, "cut_over_at")
        if at is None and state in ("scheduled", "ported"):
            raise Unreadable("cut_over_at")
        if (state == "rejected") != bool(reason := word_of(content, "reason")):
            raise Unreadable("reason")
        return Porting(
            port_id=UUID(text_of(content, "id")),
            e164=number_of(content),
            state=cast("PortState", state),
            donor=text_of(content, "donor", optional=True),
            recipient=text_of(content, "recipient", optional=True),
            reason=cast("RejectReason", reason),
            cut_over_at=at,
        )
    except Unreadable as unreadable:
        raise PortingUnknown(f"unreadable answer ({unreadable})") from None
    except ValueError:
        raise PortingUnknown("unreadable answer (id)") from None


def _asked(content: object) -> Asked:
    porting = _read(content)
    assert isinstance(content, dict)
    try:
        code = text_of(content, "code", optional=True)
        return Asked(porting, code, text_of(content, "holder", optional=True))
    except Unreadable as unreadable:
        raise PortingUnknown(f"unreadable answer ({unreadable})") from None
