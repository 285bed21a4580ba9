"""/v1: the calls of Stripe's API that the adapter makes, and what goes wrong on demand.

POST /v1/checkout/sessions            GET /v1/checkout/sessions?created[gte]=&created[lt]=
GET  /v1/checkout/sessions/{id}       POST /v1/checkout/sessions/{id}/expire
POST /v1/refunds                      GET /v1/refunds?charge=
GET  /v1/refunds/{id}                 GET /v1/payment_intents/{id}
"""

import asyncio
import hmac
import json
from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from . import objects
from .forms import parsed, paths
from .objects import Refused, expanded, found, page_of
from .store import Json, Store

HANG_S: Final = 600
FAULTS: Final = ("error_500", "hang", "answer_lost", "refund_pending")
BROKEN: Final = {"error": {"type": "api_error", "message": "Something went wrong (on demand)."}}
Act = Callable[[Request, Json], Json]


class CutConnection(Response):
    """Begins an answer and breaks it off: the caller sees the connection cut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promises more bytes than it sends."""
        del scope, receive
        headers = [(b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        await asyncio.sleep(0.01)


def endpoint(act: Act) -> Callable[[Request], Any]:
    """Around each call: the key, the idempotency key, the fault that a test ordered."""

    async def answer(request: Request) -> Response:
        text = (await request.body()).decode() or request.url.query
        call = f"{request.method} {request.url.path} {text}"
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        try:
            authorize(request)
            known = _store(request).answer(key) if key else None
            if known is not None:
                return _replayed(known, call)
            fault = _fault(request)
            if fault == "hang":
                await asyncio.sleep(HANG_S)
                return CutConnection()
            status, body = (
                (500, BROKEN) if fault == "error_500" else (200, act(request, parsed(text)))
            )
        except Refused as refused:  # a call that fails its checks uses up no key
            return _json(refused.body, refused.status)
        if key:
            _store(request).keep_answer(key, call, status, json.dumps(body))
        return CutConnection() if fault == "answer_lost" else _json(body, status)

    return answer


def authorize(request: Request) -> None:
    """Asks for the secret key; Refused 401 without it."""
    expected = f"Bearer {request.app.state.secret_key}".encode()
    if not hmac.compare_digest(expected, request.headers.get("authorization", "").encode()):
        raise Refused(401, "Invalid API Key provided: sk_test_****")


def _replayed(known: tuple[str, int, str], call: str) -> Response:
    first_call, status, body = known
    if first_call != call:
        message = "Keys for idempotent requests can only be used with the same parameters."
        raise Refused(400, message, type="idempotency_error")
    return Response(body, status, {"idempotent-replayed": "true"}, "application/json")


def _fault(request: Request) -> str:
    """The ordered fault, used up by one call of its method; "" on a good day."""
    fault = request.app.state.fault
    if fault is None or fault["method"] != request.method:
        return ""
    fault["times"] -= 1
    request.app.state.fault = fault if fault["times"] > 0 else None
    name: str = fault["fault"]
    request.state.fault = name
    return name


def _json(body: Json, status: int = 200) -> Response:
    return Response(json.dumps(body), status, media_type="application/json")


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _wanted(request: Request, kind: str) -> Json:
    return found(_store(request), request.path_params["id"], kind)


def open_session(request: Request, call: Json) -> Json:
    """Opens a session."""
    page = str(request.base_url).rstrip("/")
    session = objects.open_session(_store(request), call, page)
    return expanded(_store(request), session, paths(call))


def get_session(request: Request, call: Json) -> Json:
    """Shows a session."""
    return expanded(_store(request), _wanted(request, "checkout.session"), paths(call))


def expire_session(request: Request, call: Json) -> Json:
    """Closes a session."""
    session = objects.expire(_store(request), _wanted(request, "checkout.session"))
    request.app.state.sender.send(
        "checkout.session.expired", expanded(_store(request), session, [])
    )
    return expanded(_store(request), session, paths(call))


def list_sessions(request: Request, call: Json) -> Json:
    """Sessions of a span, newest first."""
    span = call.get("created", {})
    first, end = int(span.get("gte", 0)), int(span.get("lt", 2**62))
    rows = [
        expanded(_store(request), row, paths(call, "data."))
        for row in _store(request).newest("checkout.session")
        if first <= row["created"] < end
    ]
    return _page(rows, call)


def get_intent(request: Request, call: Json) -> Json:
    """Shows an intent."""
    return expanded(_store(request), _wanted(request, "payment_intent"), paths(call))


def create_refund(request: Request, call: Json) -> Json:
    """Gives money back."""
    pending = getattr(request.state, "fault", "") == "refund_pending"
    row = objects.refund(_store(request), call, "pending" if pending else "succeeded")
    request.app.state.sender.send("refund.created", row)
    return row


def get_refund(request: Request, _: Json) -> Json:
    """Shows a refund."""
    return _wanted(request, "refund")


def list_refunds(request: Request, call: Json) -> Json:
    """A charge's refunds, newest first."""
    return _page(objects.refunds_of(_store(request), call.get("charge", "")), call)


def _page(rows: list[Json], call: Json) -> Json:
    return page_of(rows, int(call.get("limit", 10)), call.get("starting_after", ""))
