"""/control: how tests arrange a bad day. Same authorization as /v1; never misbehaves itself.

GET|PUT|DELETE /control/behaviour                  for everything (behaviour.py names the fields)
GET|PUT|DELETE /control/payments/{id}/behaviour    for one payment; stands above
GET  /control/deliveries?payment=                  every webhook and what became of it
POST /control/deliver_now                          {"include_lost": bool}: nothing waits longer
POST /control/payments/{id}/dispute                {"amount_minor", "reason"}: the bank asks back
POST /control/disputes/{id}/close                  {"outcome": won | lost}, as the seller sees it
"""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import disputes
from .api import shown_dispute
from .behaviour import BehaviourRefused, checked
from .books import Books, Payment
from .requests import RequestRefused, parsed_json


def _found(request: Request) -> Payment | None:
    reference = request.path_params.get("payment")
    if reference is None:
        return None
    payment: Payment | None = request.app.state.books.find(reference)
    if payment is None:
        raise RequestRefused(404, "payment_not_found", "there is no such payment")
    return payment


async def behaviour(request: Request) -> Response:
    """Shows, replaces or clears a behaviour; the answer is the partial one now set."""
    books: Books = request.app.state.books
    payment = _found(request)
    if request.method == "PUT":
        try:
            content = checked(parsed_json(await request.body()), for_payment=payment is not None)
        except BehaviourRefused as error:
            raise RequestRefused(422, "invalid_behaviour", str(error)) from None
        books.set_behaviour(content, payment)
        return JSONResponse(content)
    if request.method == "DELETE":
        books.set_behaviour({}, payment)
        return JSONResponse({})
    return JSONResponse(
        json.loads(payment["behaviour"]) if payment is not None else books.global_behaviour()
    )


async def deliveries(request: Request) -> Response:
    """All webhooks, or those of one payment, oldest first."""
    books: Books = request.app.state.books
    reference = request.query_params.get("payment")
    payment = books.find(reference) if reference else None
    rows = books.store.execute(
        "SELECT * FROM deliveries WHERE ?1 IS NULL OR provider_id = ?1 ORDER BY seq",
        (payment["id"] if payment is not None else reference,),
    ).fetchall()
    names = ("event_id", "kind", "state", "attempts", "last_answer")
    shown: list[dict[str, Any]] = [{name: row[name] for name in names} for row in rows]
    return JSONResponse({"deliveries": shown})


async def deliver_now(request: Request) -> Response:
    """Makes every waiting webhook due, and with include_lost the lost ones too."""
    books: Books = request.app.state.books
    content = parsed_json(await request.body())
    states = ("waiting", "lost") if content.get("include_lost") is True else ("waiting", "waiting")
    changed = books.store.execute(
        "UPDATE deliveries SET state = 'waiting', held = 0, due_at = ? WHERE state IN (?, ?)",
        (books.settings.clock(), *states),
    ).rowcount
    books.on_event()
    return JSONResponse({"due": changed})


async def open_dispute(request: Request) -> Response:
    """Does what a payer's bank does."""
    payment, content = _found(request), parsed_json(await request.body())
    assert payment is not None
    amount_minor, reason = content.get("amount_minor"), content.get("reason", "fraudulent")
    if type(amount_minor) not in (int, type(None)) or not isinstance(reason, str):
        raise RequestRefused(422, "invalid_request", "amount_minor is whole, reason a text")
    dispute = disputes.open_dispute(request.app.state.books, payment, amount_minor, reason[:40])
    return JSONResponse(shown_dispute(dispute))


async def close_dispute(request: Request) -> Response:
    """Decides a dispute."""
    books: Books = request.app.state.books
    content = parsed_json(await request.body())
    dispute = disputes.find(books, request.path_params["dispute"])
    closed = disputes.close(books, dispute, str(content.get("outcome")))
    return JSONResponse(shown_dispute(closed))
