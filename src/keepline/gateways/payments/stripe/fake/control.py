"""/control: how tests pay, decline and order a bad day. Same key as /v1.

POST /control/payments/{payment_id}/pay        the money comes
POST /control/payments/{payment_id}/begin      a slow method is under way: complete, not paid
POST /control/payments/{payment_id}/decline    {"code"}: of a slow method for good, else of a card
POST /control/refunds/{refund_id}              {"status", "failure_reason"}: how a refund went on
POST /control/storings/{storing_id}/keep       {"last4"}: the holder gives a card
POST /control/storings/{storing_id}/fail       {"code"}: a slow check of it failed in the end
POST /control/storings/{storing_id}/expire     the page's time is over
POST /control/payments/{payment_id}/dispute    {"amount", "status"}: the bank asks for money
POST /control/disputes/{dispute_id}            {"status"}: won, lost, warning_closed, prevented
PUT  /control/search                           {"lag_s"}: how far behind the search is; null: none
POST /control/forget_keys                      as Stripe does with idempotency keys after a day
PUT  /control/fault                            {"fault", "method", "path", "times"}, or {} for a
                                               good day; without path it is any call's
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import disputes, objects, stored
from .api import FAULTS
from .objects import Refused, expanded
from .store import Json, Store


def _one(store: Store, kind: str, name: str, own_id: str) -> Json:
    for row in store.newest(kind):
        if row["metadata"].get(name) == own_id:
            return row
    raise Refused(404, f"there is no {kind} with {name} {own_id}")


async def act(request: Request) -> Response:
    """Does what the holder would do on Stripe's page."""
    store: Store = request.app.state.store
    session = _one(store, "checkout.session", "payment_id", request.path_params["id"])
    slow = session["status"] == "complete" and session["payment_status"] == "unpaid"
    if session["status"] != "open" and not slow:
        raise Refused(409, f"the session is {session['status']}")
    content = await request.json() if await request.body() else {}
    action = request.path_params["action"]
    if action == "pay":
        session = objects.capture(store, session)
        _tell(request, session, "async_payment_succeeded" if slow else "completed")
    elif action == "begin":
        session = objects.attempt(store, session, "processing", None)
        session = store.put(session | {"status": "complete", "url": None})
        _tell(request, session, "completed")
    elif action == "decline":
        error = {"type": "card_error", "code": "card_declined", "message": "Declined (on demand)."}
        error["decline_code"] = content.get("code", "generic_decline")
        session = objects.attempt(store, session, "requires_payment_method", error)
        if slow:
            _tell(request, session, "async_payment_failed")
        else:
            intent = objects.intent_of(store, session)
            request.app.state.sender.send("payment_intent.payment_failed", intent)
    else:
        raise Refused(404, "pay, begin or decline")
    return JSONResponse(session)


def _tell(request: Request, session: Json, kind: str) -> None:
    shown = expanded(request.app.state.store, session, [])
    request.app.state.sender.send(f"checkout.session.{kind}", shown)


async def store_method(request: Request) -> Response:
    """Does what the holder would do on Stripe's page for setups."""
    store: Store = request.app.state.store
    session = _one(store, "checkout.session", "storing_id", request.path_params["id"])
    if session["status"] != "open":
        raise Refused(409, f"the session is {session['status']}")
    content = await request.json()
    action = request.path_params["action"]
    if action == "expire":
        return JSONResponse(objects.expire(store, session))
    if action == "fail":
        return JSONResponse(stored.fail_setup(store, session, content["code"]))
    return JSONResponse(stored.keep(store, session, content["last4"]))


async def open_dispute(request: Request) -> Response:
    """Does what a payer's bank does."""
    store: Store = request.app.state.store
    intent = _one(store, "payment_intent", "payment_id", request.path_params["id"])
    content = await request.json()
    amount, status = content.get("amount", intent["amount"]), content.get("status")
    dispute = disputes.open_dispute(store, intent, amount, status or "needs_response")
    request.app.state.sender.send("charge.dispute.created", dispute)
    return JSONResponse(dispute)


async def decide_dispute(request: Request) -> Response:
    """Does what the bank does in the end."""
    store: Store = request.app.state.store
    dispute = objects.found(store, request.path_params["id"], "dispute")
    dispute = disputes.decide(store, dispute, (await request.json())["status"])
    request.app.state.sender.send("charge.dispute.closed", dispute)
    return JSONResponse(dispute)


async def set_search(request: Request) -> Response:
    """Lets the search be behind."""
    request.app.state.search_lag_s = (await request.json())["lag_s"]
    return JSONResponse({})


async def forget_keys(request: Request) -> Response:
    """Makes every key as good as new."""
    request.app.state.store.forget_answers()
    return JSONResponse({})


async def settle_refund(request: Request) -> Response:
    """Ends a refund that was pending, or takes one back."""
    store: Store = request.app.state.store
    row = _one(store, "refund", "refund_id", request.path_params["id"])
    row = store.put(row | await request.json())
    kind = "refund.failed" if row["status"] == "failed" else "refund.updated"
    request.app.state.sender.send(kind, row)
    return JSONResponse(row)


async def order_fault(request: Request) -> Response:
    """Sets what happens to the next calls of a method."""
    content: dict[str, Any] = await request.json()
    if content and content["fault"] not in FAULTS:
        raise Refused(400, f"fault is one of {', '.join(FAULTS)}")
    fault = {"method": "POST", "path": "", "times": 1, **content} if content else None
    request.app.state.fault = fault
    return JSONResponse(fault)
