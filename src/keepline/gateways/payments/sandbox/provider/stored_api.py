"""/v1, the part for kept methods: storing, charging while the payer is away, forgetting, disputes.

POST   /v1/storings                 Idempotency-Key = the seller's storing id
GET    /v1/storings/{id}            the provider's id or the seller's
POST   /v1/storings/{id}/simulate   {"outcome": stored | declined | expired, "card": "0000"}
POST   /v1/charges                  Idempotency-Key = the seller's payment id
DELETE /v1/methods/{id}             as often as one likes
POST   /v1/disputes/{id}/evidence   {"text"}
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import disputes, methods
from .api import books_of, shown_dispute, shown_payment
from .books import Books
from .cards import CARDS
from .charges import charge
from .faults import answered
from .methods import Storing
from .requests import RequestRefused, charge_body, parsed_json, storing_body, text_of

EVIDENCE_LIMIT = 20_000


def shown_storing(books: Books, storing: Storing) -> dict[str, Any]:
    """A storing as JSON, with the method once there is one."""
    method = methods.find_method(books, storing["method"]) if storing["method"] else None
    return {name: storing[name] for name in ("id", "storing_id", "status", "decline_code")} | {
        "page_url": f"{books.settings.public_url}/keep/{storing['id']}",
        "method": None
        if method is None
        else {
            "id": method["id"],
            "customer": method["customer"],
            "label": f"Test card {method['card']}",
            "expires_on": method["expires_on"],
        },
    }


def _storing(request: Request) -> Storing:
    storing = methods.find_storing(books_of(request), request.path_params["storing"])
    if storing is None:
        raise RequestRefused(404, "storing_not_found", "there is no such storing")
    return storing


async def open_storing(request: Request) -> Response:
    """Opens a page for keeping, or shows the one this key opened before."""
    books = books_of(request)
    body = storing_body(request.headers.get("idempotency-key"), parsed_json(await request.body()))

    def act() -> Response:
        return JSONResponse(shown_storing(books, methods.open_storing(books, body)))

    return await answered(books, "store", None, act)


async def get_storing(request: Request) -> Response:
    """One storing."""
    books = books_of(request)

    def act() -> Response:
        return JSONResponse(shown_storing(books, _storing(request)))

    return await answered(books, "ask", None, act)


async def simulate(request: Request) -> Response:
    """Does what the payer would do on the page, for tests without a browser."""
    books, storing = books_of(request), _storing(request)
    content = parsed_json(await request.body())
    outcome, card = content.get("outcome"), str(content.get("card", "0000"))
    if outcome == "stored" and card in CARDS:
        after = methods.keep(books, storing, card)
    elif outcome in ("declined", "expired"):
        code = "card_declined" if outcome == "declined" else ""
        after = methods.end(books, storing, outcome, code)
    else:
        raise RequestRefused(422, "invalid_request", "outcome: stored, declined or expired")
    if after["status"] != outcome:
        raise RequestRefused(409, "already_ended", f"the storing is {after['status']}")
    return JSONResponse(shown_storing(books, after))


async def create_charge(request: Request) -> Response:
    """Takes money by a kept method, or shows what this key did before."""
    books = books_of(request)
    body = charge_body(request.headers.get("idempotency-key"), parsed_json(await request.body()))

    def act() -> Response:
        return JSONResponse(shown_payment(books, charge(books, body)))

    return await answered(books, "charge", books.find(body.payment_id), act)


async def forget_method(request: Request) -> Response:
    """Makes a method useless for good."""
    books = books_of(request)

    def act() -> Response:
        method = methods.find_method(books, request.path_params["method"])
        if method is None:
            raise RequestRefused(404, "method_not_found", "there is no such method")
        methods.forget(books, method)
        return JSONResponse({})

    return await answered(books, "forget", None, act)


async def answer_dispute(request: Request) -> Response:
    """Takes the seller's evidence."""
    books = books_of(request)
    evidence = text_of(parsed_json(await request.body()), "text", EVIDENCE_LIMIT)

    def act() -> Response:
        dispute = disputes.find(books, request.path_params["dispute"])
        return JSONResponse(shown_dispute(disputes.answer(books, dispute, evidence)))

    return await answered(books, "dispute", None, act)
