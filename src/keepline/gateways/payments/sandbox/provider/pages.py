"""/checkout: the hosted pages where the payer decides. No script, no cookie, no session.

The payment's id in the address is the secret; it is 96 random bits.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from babel.numbers import format_currency, get_currency_precision
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from .books import Books, Payment
from .magic import MAGIC_AMOUNTS
from .words import LANGUAGES, WORDS, language_of

LONGEST_DELAY_S, MOST_COPIES = 86_400, 50
TEMPLATES = Environment(
    loader=PackageLoader(__package__, "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Words:
    """Looks words up and fills them in."""

    language: str
    filling: dict[str, str]

    def __call__(self, name: str) -> str:
        """The sentence `name`; KeyError if there is none."""
        return WORDS[self.language][name].format(**self.filling)


def amount_text(amount_minor: int, currency: str, language: str) -> str:
    """The amount as the payer's language writes it: €19.99, CN¥128.00, ¥128.00."""
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale=LANGUAGES[language][0])


def _page(
    request: Request, template: str, payment: Payment | None, status: int = 200, **facts: Any
) -> Response:
    wish = request.query_params.get("lang")
    language = language_of(wish, payment["language"] if payment is not None else None)
    filling = dict.fromkeys(("seller", "amount", "minutes"), "")
    if payment is not None:
        filling["seller"] = payment["seller"]
        filling["amount"] = amount_text(payment["amount_minor"], payment["currency"], language)
        filling["minutes"] = str(_minutes_left(request.app.state.books, payment))
    html = TEMPLATES.get_template(template).render(
        w=Words(language, filling),
        language=language,
        languages=LANGUAGES,
        path=request.url.path,
        lang_query=f"?lang={language}" if wish else "",
        payment=payment,
        filling=filling,
        **facts,
    )
    return HTMLResponse(html, status, headers={"content-security-policy": _policy(payment)})


def _minutes_left(books: Books, payment: Payment) -> int:
    expires_at: int = payment["expires_at"]
    return max(0, (expires_at - books.settings.clock()) // 60_000)


def _policy(payment: Payment | None) -> str:
    """Own style sheet and pictures only; a form may lead here and back to the seller.

    Browsers hold the redirect that follows a form to form-action as well.
    """
    targets = {"'self'"}
    if payment is not None:
        for address in (payment["return_url"], payment["cancel_url"]):
            parts = urlsplit(address)
            targets.add(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {' '.join(sorted(targets))}"
    )


def with_payment(address: str, payment_id: str) -> str:
    """The seller's address with payment=<id> added to its query."""
    parts = urlsplit(address)
    added = urlencode({"payment": payment_id})
    query = f"{parts.query}&{added}" if parts.query else added
    return urlunsplit(parts._replace(query=query))


async def home(request: Request) -> Response:
    """What this is, and the magic amounts."""
    rows = [(amount, words) for amount, (_, words) in MAGIC_AMOUNTS.items()]
    return _page(request, "home.html", None, rows=rows)


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
        return RedirectResponse(f"{request.url.path}/approval{_lang(request)}", 303)
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
        return RedirectResponse(f"/checkout/{payment['id']}{_lang(request)}", 303)
    left = action == "cancel" and payment["status"] == "expired"
    address = payment["cancel_url"] if left else payment["return_url"]
    return RedirectResponse(with_payment(address, payment["payment_id"]), 303)


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
    back = with_payment(payment["return_url"], payment["payment_id"])
    return _page(
        request,
        "ended.html",
        payment,
        back=back if behaviour.browser_return else "",
        mark={"captured": "✓", "declined": "!", "expired": "–"}[payment["status"]],
    )


def _lang(request: Request) -> str:
    wish = request.query_params.get("lang")
    return f"?lang={language_of(wish)}" if wish else ""


def _payment(request: Request) -> Payment | None:
    books: Books = request.app.state.books
    payment = books.find(request.path_params["payment"])
    # The seller's own id is no key to the page.
    return payment if payment and payment["id"] == request.path_params["payment"] else None
