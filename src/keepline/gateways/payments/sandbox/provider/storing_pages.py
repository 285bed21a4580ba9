"""/keep: the hosted page where the payer lets a way to pay be kept. Nothing is taken there.

As with payments, the provider's id in the address is the secret.
"""

from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from . import methods
from .books import Books
from .cards import CARDS
from .methods import Storing
from .rendering import rendered, with_query
from .words import language_of


async def show(request: Request) -> Response:
    """The storing as it stands: to be decided, or how it ended."""
    storing = _storing(request)
    if storing is None:
        return rendered(request, "missing.html", 404)
    if storing["status"] == "pending":
        return _page(request, "keep.html", storing, cards=CARDS)
    back = with_query(storing["return_url"], storing=storing["storing_id"])
    mark = {"stored": "✓", "declined": "!", "expired": "–"}[storing["status"]]
    return _page(request, "kept.html", storing, back=back, mark=mark)


async def decide(request: Request) -> Response:
    """Does what the pressed button says, then leads back to the seller."""
    books: Books = request.app.state.books
    storing = _storing(request)
    if storing is None:
        return rendered(request, "missing.html", 404)
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    action, card = form.get("action"), form.get("card", "")
    if action == "keep" and card in CARDS:
        storing = methods.keep(books, storing, card)
    elif action == "decline":
        storing = methods.end(books, storing, "declined", "card_declined")
    elif action == "cancel":
        storing = methods.end(books, storing, "expired")
    else:
        return _page(request, "wrong.html", storing, 400)
    left = action == "cancel" and storing["status"] == "expired"
    address = storing["cancel_url"] if left else storing["return_url"]
    return RedirectResponse(with_query(address, storing=storing["storing_id"]), 303)


def _page(
    request: Request, template: str, storing: Storing, status: int = 200, **facts: Any
) -> Response:
    books: Books = request.app.state.books
    return rendered(
        request,
        template,
        status,
        language=language_of(request.query_params.get("lang"), storing["language"]),
        filling={
            "seller": storing["seller"],
            "minutes": books.minutes_until(storing["expires_at"]),
        },
        sellers=(storing["return_url"], storing["cancel_url"]),
        storing=storing,
        **facts,
    )


def _storing(request: Request) -> Storing | None:
    reference = request.path_params["storing"]
    storing = methods.find_storing(request.app.state.books, reference)
    return storing if storing is not None and storing["id"] == reference else None
