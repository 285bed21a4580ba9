"""Runs FakeStripe as one process on 127.0.0.1."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from keepline.gateways.payments import loopback_process

from . import api, control
from .api import endpoint
from .events import Sender
from .objects import Refused
from .store import Store


def serve(
    port: int, data_dir: Path, webhook_url: str, secret_key: str, webhook_secret: str
) -> None:
    """Serves until SIGTERM or SIGINT. Raises OSError when the port is taken."""
    loopback_process.require_free(port)
    app = make_app(Store(data_dir), Sender(webhook_url, webhook_secret), secret_key)
    asyncio.run(loopback_process.serve(app, port))


def make_app(store: Store, sender: Sender, secret_key: str) -> Starlette:
    """The application over one store."""
    app = Starlette(routes=ROUTES, exception_handlers={Refused: _refused})
    app.state.store, app.state.sender, app.state.secret_key = store, sender, secret_key
    app.state.fault, app.state.search_lag_s = None, 0
    return app


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse(error.body, error.status)


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok")


def _guarded(
    act: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        api.authorize(request)
        return await act(request)

    return guarded


ROUTES = [
    Route("/health", _health),
    Route("/v1/checkout/sessions", endpoint(api.open_session), methods=["POST"]),
    Route("/v1/checkout/sessions", endpoint(api.list_sessions), methods=["GET"]),
    Route("/v1/checkout/sessions/{id}", endpoint(api.get_session), methods=["GET"]),
    Route("/v1/checkout/sessions/{id}/expire", endpoint(api.expire_session), methods=["POST"]),
    Route("/v1/customers", endpoint(api.create_customer), methods=["POST"]),
    Route("/v1/payment_intents", endpoint(api.charge), methods=["POST"]),
    Route("/v1/payment_intents", endpoint(api.list_intents), methods=["GET"]),
    Route("/v1/payment_intents/search", endpoint(api.search_intents), methods=["GET"]),
    Route("/v1/payment_intents/{id}", endpoint(api.get_intent), methods=["GET"]),
    Route("/v1/payment_methods/{id}", endpoint(api.get_method), methods=["GET"]),
    Route("/v1/payment_methods/{id}/detach", endpoint(api.detach_method), methods=["POST"]),
    Route("/v1/disputes", endpoint(api.list_disputes), methods=["GET"]),
    Route("/v1/disputes/{id}", endpoint(api.get_dispute), methods=["GET"]),
    Route("/v1/disputes/{id}", endpoint(api.answer_dispute), methods=["POST"]),
    Route("/v1/refunds", endpoint(api.create_refund), methods=["POST"]),
    Route("/v1/refunds", endpoint(api.list_refunds), methods=["GET"]),
    Route("/v1/refunds/{id}", endpoint(api.get_refund), methods=["GET"]),
    Route("/control/payments/{id}/dispute", _guarded(control.open_dispute), methods=["POST"]),
    Route("/control/disputes/{id}", _guarded(control.decide_dispute), methods=["POST"]),
    Route("/control/storings/{id}/{action}", _guarded(control.store_method), methods=["POST"]),
    Route("/control/forget_keys", _guarded(control.forget_keys), methods=["POST"]),
    Route("/control/search", _guarded(control.set_search), methods=["PUT"]),
    Route("/control/payments/{id}/{action}", _guarded(control.act), methods=["POST"]),
    Route("/control/refunds/{id}", _guarded(control.settle_refund), methods=["POST"]),
    Route("/control/fault", _guarded(control.order_fault), methods=["PUT"]),
]
