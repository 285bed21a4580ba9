"""The provider's web application: routes, authorization, answers to wrong calls."""

import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from . import api, control, pages, stored_api, storing_pages
from .books import Books
from .requests import RequestRefused

HERE = Path(__file__).resolve().parent
GUARDED = ("/v1/", "/control/")
PAGE_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}

Next = Callable[[Request], Awaitable[Response]]


async def _authorized(request: Request, call_next: Next) -> Response:
    """Asks the seller's system for its key; gives every answer its headers."""
    if request.url.path.startswith(GUARDED):
        expected = f"Bearer {request.app.state.books.settings.api_key}".encode()
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(expected, given):
            return _error(RequestRefused(401, "unauthorized", "the API key is missing or wrong"))
    response = await call_next(request)
    response.headers.update(PAGE_HEADERS)
    if not request.url.path.startswith("/static/"):
        response.headers["cache-control"] = "no-store"
    return response


def _error(error: RequestRefused) -> Response:
    body = {"error": {"code": error.code, "message": error.message}}
    return JSONResponse(body, error.status)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestRefused)
    return _error(error)


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok")


ROUTES = [
    Route("/", pages.home),
    Route("/health", _health),
    Route("/checkout/{payment}", pages.checkout, methods=["GET"]),
    Route("/checkout/{payment}", pages.decide, methods=["POST"]),
    Route("/checkout/{payment}/approval", pages.approval, methods=["GET"]),
    Route("/v1/payments", api.open_payment, methods=["POST"]),
    Route("/v1/payments", api.list_payments, methods=["GET"]),
    Route("/v1/payments/{payment}", api.get_payment, methods=["GET"]),
    Route("/v1/payments/{payment}/cancel", api.cancel_payment, methods=["POST"]),
    Route("/v1/payments/{payment}/simulate", api.simulate, methods=["POST"]),
    Route("/v1/refunds", api.create_refund, methods=["POST"]),
    Route("/keep/{storing}", storing_pages.show, methods=["GET"]),
    Route("/keep/{storing}", storing_pages.decide, methods=["POST"]),
    Route("/v1/storings", stored_api.open_storing, methods=["POST"]),
    Route("/v1/storings/{storing}", stored_api.get_storing, methods=["GET"]),
    Route("/v1/storings/{storing}/simulate", stored_api.simulate, methods=["POST"]),
    Route("/v1/charges", stored_api.create_charge, methods=["POST"]),
    Route("/v1/methods/{method}", stored_api.forget_method, methods=["DELETE"]),
    Route("/v1/disputes/{dispute}/evidence", stored_api.answer_dispute, methods=["POST"]),
    Route("/control/behaviour", control.behaviour, methods=["GET", "PUT", "DELETE"]),
    Route(
        "/control/payments/{payment}/behaviour",
        control.behaviour,
        methods=["GET", "PUT", "DELETE"],
    ),
    Route("/control/payments/{payment}/dispute", control.open_dispute, methods=["POST"]),
    Route("/control/disputes/{dispute}/close", control.close_dispute, methods=["POST"]),
    Route("/control/deliveries", control.deliveries, methods=["GET"]),
    Route("/control/deliver_now", control.deliver_now, methods=["POST"]),
    Mount("/static", StaticFiles(directory=HERE / "static")),
]


def make_app(books: Books) -> Starlette:
    """The application over one set of books."""
    app = Starlette(
        routes=ROUTES,
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_authorized)],
        exception_handlers={RequestRefused: _refused},
    )
    app.state.books = books
    return app
