"""/v1: the calls of Stripe's API that the adapter makes, and what goes wrong on demand.

POST /v1/checkout/sessions            GET /v1/checkout/sessions?created[gte]=&created[lt]=
GET  /v1/checkout/sessions/{id}       POST /v1/checkout/sessions/{id}/expire
POST /v1/refunds                      GET /v1/refunds?charge=
GET  /v1/refunds/{id}                 GET /v1/payment_intents/{id}
POST /v1/customers                    POST /v1/payment_intents, charging a kept method
GET  /v1/payment_methods/{id}         GET /v1/payment_intents?customer=&created[gte]=&created[lt]=
POST /v1/payment_methods/{id}/detach  GET /v1/payment_intents/search?query=
GET  /v1/disputes?charge=             GET, POST /v1/disputes/{id}
"""

import asyncio
import hmac
import json
import time
from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from keepline.gateways.payments.cut_connection import CutConnection

from . import disputes, objects, stored
from .forms import parsed, paths
from .objects import Refused, expanded, found, page_of
from .store import Json, Store
from .stored import CardDeclined

HANG_S: Final = 600
FAULTS: Final = ("error_500", "hang", "answer_lost", "refund_pending", "refund_failed")
BROKEN: Final = {"error": {"type": "api_error", "message": "Something went wrong (on demand)."}}
Act = Callable[[Request, Json], Json]


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
        except CardDeclined as declined:  # an answer like any other, and kept as such
            status, body = declined.status, declined.body
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
    if fault["path"] not in ("", request.url.path):
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
    opens = stored.open_setup if call.get("mode") == "setup" else objects.open_session
    session = opens(_store(request), call, page)
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
    return _of_span(request, call, _store(request).newest("checkout.session"))


def _of_span(request: Request, call: Json, rows: list[Json]) -> Json:
    """A page of those that were created in the call's span."""
    span = call.get("created", {})
    first, end = int(span.get("gte", 0)), int(span.get("lt", 2**62))
    return _shown(request, call, [row for row in rows if first <= row["created"] < end])


def _shown(request: Request, call: Json, rows: list[Json]) -> Json:
    store, wanted = _store(request), paths(call, "data.")
    return _page([expanded(store, row, wanted) for row in rows], call)


def create_customer(request: Request, call: Json) -> Json:
    """Somebody to attach methods to."""
    customer = objects.new("customer", "cus", metadata=call.get("metadata", {}))
    return _store(request).put(customer)


def charge(request: Request, call: Json) -> Json:
    """Takes money by a kept method, and tells of it."""
    sender = request.app.state.sender
    try:
        intent = stored.charge(_store(request), call)
    except CardDeclined as declined:
        sender.send("payment_intent.payment_failed", declined.body["error"]["payment_intent"])
        raise
    sender.send("payment_intent.succeeded", intent)
    return expanded(_store(request), intent, paths(call))


def list_intents(request: Request, call: Json) -> Json:
    """Intents of a customer or a span, newest first."""
    customer = call.get("customer")
    rows = _store(request).newest("payment_intent")
    return _of_span(
        request, call, [r for r in rows if not customer or r.get("customer") == customer]
    )


def search_intents(request: Request, call: Json) -> Json:
    """Intents by their metadata, as far as the search has heard of them."""
    lag_s = request.app.state.search_lag_s
    if lag_s is None:
        raise Refused(400, "Search is not available in your country.")
    found_rows = stored.searched(_store(request), call["query"])
    heard = [row for row in found_rows if row["created"] <= time.time() - lag_s]
    return {**_shown(request, call, heard), "object": "search_result"}


def get_method(request: Request, _: Json) -> Json:
    """Shows a method."""
    return _wanted(request, "payment_method")


def detach_method(request: Request, _: Json) -> Json:
    """Makes a method useless for good."""
    return stored.detach(_store(request), _wanted(request, "payment_method"))


def list_disputes(request: Request, call: Json) -> Json:
    """A charge's disputes, newest first."""
    rows = _store(request).newest("dispute")
    return _page([row for row in rows if row["charge"] == call.get("charge")], call)


def get_dispute(request: Request, _: Json) -> Json:
    """Shows a dispute."""
    return _wanted(request, "dispute")


def answer_dispute(request: Request, call: Json) -> Json:
    """Takes the seller's evidence."""
    return disputes.answer(_store(request), _wanted(request, "dispute"), call)


def get_intent(request: Request, call: Json) -> Json:
    """Shows an intent."""
    return expanded(_store(request), _wanted(request, "payment_intent"), paths(call))


def create_refund(request: Request, call: Json) -> Json:
    """Gives money back."""
    ordered = {"refund_pending": "pending", "refund_failed": "failed"}
    status = ordered.get(getattr(request.state, "fault", ""), "succeeded")
    row = objects.refund(_store(request), call, status)
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
