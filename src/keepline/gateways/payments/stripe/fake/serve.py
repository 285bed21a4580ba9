"""Runs FakeStripe as one process on 127.0.0.1."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from keepline.gateways.payments.sandbox.mode import refuse_in_production

from . import api, control
from .api import endpoint
from .events import Sender
from .objects import Refused
from .store import Store

HOST = "127.0.0.1"


def serve(
    port: int, data_dir: Path, webhook_url: str, secret_key: str, webhook_secret: str
) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises SandboxForbidden in production, OSError when the port is taken.
    """
    refuse_in_production(os.environ)
    with socket.socket() as probe:  # a clear error now, instead of a server that shares the port
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
    app = make_app(Store(data_dir), Sender(webhook_url, webhook_secret), secret_key)
    asyncio.run(_run(app, port))


def make_app(store: Store, sender: Sender, secret_key: str) -> Starlette:
    """The application over one store."""
    app = Starlette(routes=ROUTES, exception_handlers={Refused: _refused})
    app.state.store, app.state.sender, app.state.secret_key = store, sender, secret_key
    app.state.fault = None
    return app


async def _run(app: Starlette, port: int) -> None:
    server = Server(
        app,
        address=HOST,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, server.stop)
    await server.serve()


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
    Route("/v1/payment_intents/{id}", endpoint(api.get_intent), methods=["GET"]),
    Route("/v1/refunds", endpoint(api.create_refund), methods=["POST"]),
    Route("/v1/refunds", endpoint(api.list_refunds), methods=["GET"]),
    Route("/v1/refunds/{id}", endpoint(api.get_refund), methods=["GET"]),
    Route("/control/payments/{id}/{action}", _guarded(control.act), methods=["POST"]),
    Route("/control/refunds/{id}", _guarded(control.settle_refund), methods=["POST"]),
    Route("/control/fault", _guarded(control.order_fault), methods=["PUT"]),
]
