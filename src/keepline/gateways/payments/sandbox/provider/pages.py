"""/checkout: the hosted pages where the payer decides.

The payment's id in the address is the secret; it is 96 random bits.
"""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from babel.numbers import format_currency, get_currency_precision
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from .books import Books, Payment
from .cards import CARDS
from .magic import MAGIC_AMOUNTS
from .rendering import asked_language, rendered, with_query
from .words import LANGUAGES, language_of

LONGEST_DELAY_S, MOST_COPIES = 86_400, 50


def amount_text(amount_minor: int, currency: str, language: str) -> str:
    """The amount as the payer's language writes it: €19.99, CN¥128.00, ¥128.00."""
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale=LANGUAGES[language][0])


def _page(
    request: Request, template: str, payment: Payment | None, status: int = 200, **facts: Any
) -> Response:
    if payment is None:
        return rendered(request, template, status, **facts)
    language = language_of(request.query_params.get("lang"), payment["language"])
    books: Books = request.app.state.books
    filling = {
        "seller": payment["seller"],
        "amount": amount_text(payment["amount_minor"], payment["currency"], language),
        "minutes": books.minutes_until(payment["expires_at"]),
    }
    return rendered(
        request,
        template,
        status,
        language=language,
        filling=filling,
        sellers=(payment["return_url"], payment["cancel_url"]),
        payment=payment,
        **facts,
    )


async def home(request: Request) -> Response:
    """What this is, the magic amounts and the test cards."""
    return _page(request, "home.html", None, amounts=MAGIC_AMOUNTS, cards=CARDS)


async def checkout(request: Request) -> Response:
    """The payment as it stands: to be decided, or how it ended."""
    payment = _payment(request)
    if payment is None:
        return _page(request, "missing.html", None, 404)
    if payment["status"] == "pending":
        return _page(request, "checkout.html", payment)
    return _ended(request, payment)


async def approval(request: Request) -> Response:
    """The second page, where the bank asks."""
    payment = _payment(request)
    if payment is None:
        return _page(request, "missing.html", None, 404)
    if payment["status"] == "pending":
        return _page(request, "approval.html", payment)
    return _ended(request, payment)


async def decide(request: Request) -> Response:
    """Does what the pressed button says, then leads back to the seller."""
    books: Books = request.app.state.books
    payment = _payment(request)
    if payment is None:
        return _page(request, "missing.html", None, 404)
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    try:
        chosen = chosen_behaviour(form)
    except ValueError:
        return _page(request, "wrong.html", payment, 400)
    if chosen:
        books.set_behaviour(json.loads(payment["behaviour"]) | chosen, payment)
        payment = books.find(payment["id"])
        assert payment is not None
    action = form.get("action", "")
    asks = action == "approval" or (action == "pay" and books.behaviour(payment).approval)
    if asks and payment["status"] == "pending":
        return RedirectResponse(f"{request.url.path}/approval{asked_language(request)}", 303)
    if action not in ("pay", "approve", "refuse", "decline", "cancel", "approval"):
        return _page(request, "wrong.html", payment, 400)
    return _back(request, _decided(books, payment, action), action)


def _decided(books: Books, payment: Payment, action: str) -> Payment:
    if action in ("pay", "approve"):
        return books.pay(payment)
    if action == "refuse":
        return books.decline(payment, "authentication_failed")
    if action == "decline":
        return books.decline(payment, "card_declined")
    if action == "cancel":
        return books.expire(payment)
    return payment


def _back(request: Request, payment: Payment, action: str) -> Response:
    books: Books = request.app.state.books
    if not books.behaviour(payment).browser_return:
        return RedirectResponse(f"/checkout/{payment['id']}{asked_language(request)}", 303)
    left = action == "cancel" and payment["status"] == "expired"
    address = payment["cancel_url"] if left else payment["return_url"]
    return RedirectResponse(with_query(address, payment=payment["payment_id"]), 303)


def chosen_behaviour(form: dict[str, str]) -> dict[str, object]:
    """What the test form says differs from a good day; ValueError when out of range."""
    delay_s, copies = int(form.get("delay", 0)), int(form.get("copies", 1))
    if not (0 <= delay_s <= LONGEST_DELAY_S and 1 <= copies <= MOST_COPIES):
        raise ValueError("out of range")
    words = [f"delay:{delay_s}"] * bool(delay_s) + [f"duplicate:{copies}"] * (copies > 1)
    words += [word for word in ("out_of_order", "lost") if form.get(word)]
    chosen: dict[str, object] = {"webhook": ",".join(words)} if words else {}
    return chosen | ({"browser_return": False} if form.get("no_return") else {})


def _ended(request: Request, payment: Payment) -> Response:
    behaviour = request.app.state.books.behaviour(payment)
    back = with_query(payment["return_url"], payment=payment["payment_id"])
    return _page(
        request,
        "ended.html",
        payment,
        back=back if behaviour.browser_return else "",
        mark={"captured": "✓", "declined": "!", "expired": "–"}[payment["status"]],
    )


def _payment(request: Request) -> Payment | None:
    books: Books = request.app.state.books
    payment = books.find(request.path_params["payment"])
    # The seller's own id is no key to the page, and a charge of a kept method has none.
    known = payment and payment["id"] == request.path_params["payment"] and payment["return_url"]
    return payment if known else None
