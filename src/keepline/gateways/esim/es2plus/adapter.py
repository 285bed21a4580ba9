"""An SM-DP+ by ES2+ over mutual TLS, behind the esim port (docs/gateways/es2plus.md).

Nothing that is sent or answered is logged or repeated in an error: matching ids and confirmation
codes are keys to a profile.
"""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

from keepline.core.identifiers import parse_activation_code, parse_iccid
from keepline.core.lifecycle.profile import ProfileEvent
from keepline.gateways.esim.port import (
    CancelRequest,
    Confirmed,
    ConfirmRequest,
    Done,
    DownloadProgress,
    DownloadRequest,
    EsimUnknown,
    Refused,
    ReleaseRequest,
    Reserved,
)

from . import points
from .codes import kind_of
from .reading import optional_text, read_object, read_status, text_of
from .wire import (
    FAILED,
    HEADERS,
    LARGEST_BODY,
    PATH,
    PROTOCOL_PREFIX,
    SUCCESS,
    WARNING,
    padded,
    request_header,
)

NO_PROFILE = "8900000000000000000"  # country 000 of ITU-T E.118 does not exist


@dataclass(frozen=True, slots=True)
class _Executed:
    content: dict[str, Any]
    warning: str


class Es2PlusSmdp:
    """Speaks to one SM-DP+; safe to share between threads.

    `timeout_s` bounds each wait (connecting, sending, reading), twice that the whole answer.
    `own_points` says what its further notification points mean.
    """

    name = "es2plus"

    def __init__(
        self,
        url: str,
        requester: str,
        tls: ssl.SSLContext,
        timeout_s: float,
        own_points: Mapping[int, ProfileEvent] | None = None,
    ) -> None:
        self._requester = requester
        self._answer_within_s = 2 * timeout_s
        self._own_points = dict(own_points or {})
        self._http = httpx.Client(
            base_url=url,
            verify=tls,
            timeout=timeout_s,
            trust_env=False,
            headers={**HEADERS, "user-agent": "keepline", "accept-encoding": "identity"},
        )

    @property
    def default_address(self) -> str:
        """The host that is spoken to; SM-DP+s that serve phones elsewhere name that address."""
        return self._http.base_url.host

    def order_download(self, request: DownloadRequest) -> Reserved | Refused:
        """See the port."""
        fields = {
            "eid": request.eid,
            "iccid": padded(request.iccid) if request.iccid else None,
            "profileType": request.profile_type,
        }
        answer = self._call("downloadOrder", request.call_id, fields)
        if isinstance(answer, Refused):
            return answer
        with _readable("downloadOrder"):
            iccid = parse_iccid(text_of(answer.content, "iccid"))
            _same(request.iccid, iccid)
            return Reserved(iccid, answer.warning)

    def confirm(self, request: ConfirmRequest) -> Confirmed | Refused:
        """See the port."""
        fields = {
            "iccid": padded(request.iccid),
            "eid": request.eid,
            "matchingId": request.matching_id,
            "confirmationCode": request.confirmation_code,
            "releaseFlag": request.release,
        }
        answer = self._call("confirmOrder", request.call_id, fields)
        if isinstance(answer, Refused):
            return answer
        with _readable("confirmOrder"):
            _same(request.matching_id, optional_text(answer.content, "matchingId"))
            _same(request.eid, optional_text(answer.content, "eid"))
            matching_id = request.matching_id or text_of(answer.content, "matchingId")
            address = optional_text(answer.content, "smdpAddress")
            # What does not fit into an activation code would be found out by the holder.
            parse_activation_code(f"1${address or 'localhost'}${matching_id}")
            return Confirmed(matching_id, address, answer.warning)

    def cancel(self, request: CancelRequest) -> Done | Refused:
        """See the port."""
        fields = {
            "iccid": padded(request.iccid),
            "eid": request.eid,
            "matchingId": request.matching_id,
            "finalProfileStatusIndicator": request.final_status,
        }
        answer = self._call("cancelOrder", request.call_id, fields)
        return answer if isinstance(answer, Refused) else Done(answer.warning)

    def release(self, request: ReleaseRequest) -> Done | Refused:
        """See the port."""
        answer = self._call("releaseProfile", request.call_id, {"iccid": padded(request.iccid)})
        return answer if isinstance(answer, Refused) else Done(answer.warning)

    def complaints(self) -> list[str]:
        """Asks it to release a profile that there cannot be: whoever may ask hears that.

        See the port.
        """
        try:
            answer = self.release(ReleaseRequest(uuid4(), NO_PROFILE))
        except EsimUnknown as silence:
            cause = silence.__cause__
            tls = "certificate" in str(cause).lower() or "ssl" in str(cause).lower()
            return [f"TLS fails: {cause}" if tls else f"no sensible answer ({silence})"]
        if isinstance(answer, Refused) and answer.kind == "not_allowed":
            return [f"it does not let KEEPLINE_SMDP_REQUESTER order ({answer.code})"]
        return []

    def event_of(self, progress: DownloadProgress) -> ProfileEvent | None:
        """See the port."""
        return points.event_of(progress, self._own_points)

    def _call(
        self, function: str, call_id: UUID, fields: Mapping[str, object]
    ) -> _Executed | Refused:
        """One function. Whatever does not plainly say done or failed is EsimUnknown."""
        sent = {name: value for name, value in fields.items() if value is not None}
        body = {"header": request_header(self._requester, str(call_id)), **sent}
        content = self._answer(function, body)
        with _readable(function):
            header = content.get("header")
            found = header.get("functionExecutionStatus") if isinstance(header, dict) else None
            ended = read_status(found, "functionExecutionStatus")
        if ended.status in (SUCCESS, WARNING):
            return _Executed(content, ended.code if ended.status == WARNING else "")
        if ended.status == FAILED and ended.code:
            kind = kind_of(ended.subject_code, ended.reason_code)
            return Refused(kind, ended.code, ended.message)
        raise EsimUnknown(f"{function}: answered, and neither done nor refused")

    def _answer(self, function: str, body: Mapping[str, object]) -> dict[str, Any]:
        """The JSON object that came with HTTP 200."""
        try:
            with self._http.stream("POST", PATH + function, json=body) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise EsimUnknown(f"{function}: HTTP {answer.status_code}")
                protocol = answer.headers.get("x-admin-protocol", PROTOCOL_PREFIX)
                if not protocol.startswith(PROTOCOL_PREFIX):
                    raise EsimUnknown(f"{function}: not the protocol of SGP.22")
                raw = self._bounded(function, answer)
        except httpx.HTTPError as error:
            raise EsimUnknown(f"{function}: {type(error).__name__}") from error
        with _readable(function):
            return read_object(raw)

    def _bounded(self, function: str, answer: httpx.Response) -> bytes:
        """The body, unless it is too long or drips in too slowly."""
        until, raw = time.monotonic() + self._answer_within_s, b""
        for piece in answer.iter_raw():
            raw += piece
            if len(raw) > LARGEST_BODY or time.monotonic() > until:
                raise EsimUnknown(f"{function}: the answer has no end")
        return raw


@contextmanager
def _readable(function: str) -> Iterator[None]:
    """An answer without the promised shape says nothing certain."""
    try:
        yield
    except ValueError as error:
        # Only the kind: the sentence of some errors repeats what was read.
        raise EsimUnknown(f"{function}: unreadable answer ({type(error).__name__})") from None


def _same(asked: str | None, answered: str | None) -> None:
    """An answer may leave out what we know; it may not speak of something else."""
    if asked is not None and answered is not None and asked != answered:
        raise ValueError("the answer speaks of something else")
