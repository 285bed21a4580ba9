"""A clearing house behind a bridge, as the porting port wants it (docs/gateways/porting.md).

Nothing that is sent or answered is logged or repeated in an error: codes are keys to a number.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from json import JSONDecodeError, loads
from typing import Any, Final, cast
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.porting.port import (
    Asked,
    Porting,
    PortingUnknown,
    PortRequest,
    PortState,
    RejectReason,
)

from .wire import LARGEST_BODY, PATH, Unreadable, instant_of, number_of, text_of, word_of

NOBODYS: Final = UUID("00000000-0000-7000-8000-000000000000")
KEY_REFUSED: Final = (401, 403)


class BridgedHouse:
    """Speaks to one bridge; safe to share between threads.

    `timeout_s` bounds each wait (connecting, sending, reading), twice that the whole answer.
    """

    name = "bridge"

    def __init__(self, url: str, key: str, timeout_s: float) -> None:
        self._answer_within_s = 2 * timeout_s
        own_machine = LOOPBACK if urlsplit(url).scheme == "http" else {"trust_env": False}
        self._http = httpx.Client(
            base_url=url,
            timeout=timeout_s,
            headers={
                "authorization": f"Bearer {key}",
                "user-agent": "keepline",
                "accept-encoding": "identity",
            },
            **own_machine,
        )

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
        """The JSON object of an answer; of 404 one that says not_found."""
        try:
            with self._http.stream(method, path, json=body) as answer:
                raw = self._bounded(answer)
        except httpx.HTTPError as error:
            raise PortingUnknown(type(error).__name__) from error
        if answer.status_code in KEY_REFUSED:
            raise PortingUnknown("it does not take KEEPLINE_PORTING_KEY")
        if answer.status_code not in (httpx.codes.OK, httpx.codes.NOT_FOUND):
            raise PortingUnknown(f"HTTP {answer.status_code}")
        try:
            content = loads(raw)
        except (JSONDecodeError, UnicodeError, RecursionError):
            raise PortingUnknown("unreadable answer (json)") from None
        if not isinstance(content, dict):
            raise PortingUnknown("unreadable answer (json)")
        if answer.status_code == httpx.codes.NOT_FOUND and content.get("state") != "not_found":
            raise PortingUnknown("HTTP 404 that says nothing of a porting")
        return content

    def _bounded(self, answer: httpx.Response) -> bytes:
        """The body, unless it is too long or drips in too slowly."""
        until, raw = time.monotonic() + self._answer_within_s, b""
        for piece in answer.iter_raw():
            raw += piece
            if len(raw) > LARGEST_BODY or time.monotonic() > until:
                raise PortingUnknown("the answer has no end")
        return raw


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
