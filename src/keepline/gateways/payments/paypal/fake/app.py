"""PayPal's roads, as far as the adapter goes them."""

import asyncio
import base64
import json
import secrets
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from keepline.gateways.loopback import LOOPBACK

from . import control
from .books import Books, Refusal
from .disputes import Disputes
from .vault import Vault
from .webhooks import CERTIFICATE, Signer, body_of

Json = dict[str, Any]


class Fake:
    """One fake: books, tokens, faults still to come and webhooks sent."""

    def __init__(self, url: str, keys: tuple[str, str], webhook_id: str, webhook_url: str) -> None:
        self.vault = Vault(url)
        self.books = Books(url, self.vault)
        self.disputes = Disputes(self.books.events)
        self.signer = Signer(webhook_id, datetime.now(UTC))
        self.login = "Basic " + base64.b64encode(":".join(keys).encode()).decode()
        self.tokens: set[str] = set()
        self.faults: list[Json] = []
        self.sent: list[Json] = []
        self._webhook_url = webhook_url
        self._sending: set[asyncio.Task[None]] = set()

    def publish(self) -> None:
        """Signs the events that are new, and sends each once."""
        while self.books.events:
            kind, resource = self.books.events.pop(0)
            now = datetime.now(UTC)
            body = body_of(kind, resource, now)
            headers = self.signer.headers(body, now)
            self.sent.append({"kind": kind, "headers": headers, "body": body.decode()})
            if self._webhook_url:
                task = asyncio.create_task(self._send(headers, body))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def _send(self, headers: dict[str, str], body: bytes) -> None:
        async with httpx.AsyncClient(timeout=10, **LOOPBACK) as http:
            try:
                await http.post(self._webhook_url, headers=headers, content=body)
            except httpx.HTTPError:
                return  # the fake does not repeat; the worker asks anyhow

    def fault(self, method: str, path: str) -> Json | None:
        """The fault that waits for this call, used up by asking."""
        for one in self.faults:
            if path.endswith(one["path"]) and one.get("method", method) == method:
                self.faults.remove(one)
                return one
        return None


async def _token(request: Request) -> Response:
    fake: Fake = request.app.state.fake
    if request.headers.get("authorization") != fake.login:
        return JSONResponse({"error": "invalid_client", "error_description": "no"}, 401)
    token = secrets.token_hex(16)
    fake.tokens.add(token)
    return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 32400})


async def _create(request: Request) -> Response:
    books: Books = request.app.state.fake.books
    key = request.headers["paypal-request-id"]
    status = 200 if key in books.by_key else 201
    return JSONResponse(books.create(key, await request.json()), status)


async def _get(request: Request) -> Response:
    return JSONResponse(request.app.state.fake.books.find(request.path_params["order"]))


async def _patch(request: Request) -> Response:
    request.app.state.fake.books.patch(request.path_params["order"], await request.json())
    return Response(status_code=204)


async def _capture(request: Request) -> Response:
    return JSONResponse(request.app.state.fake.books.capture(request.path_params["order"]), 201)


async def _refund(request: Request) -> Response:
    books: Books = request.app.state.fake.books
    key = request.headers["paypal-request-id"]
    body, capture_id = await request.json(), request.path_params["capture"]
    if request.app.state.fake.disputes.holds(capture_id):
        raise Refusal(422, "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK")
    return JSONResponse(books.refund(key, capture_id, body), 201)


async def _get_capture(request: Request) -> Response:
    books: Books = request.app.state.fake.books
    return JSONResponse(books.find_capture(request.path_params["capture"]))


async def _create_setup(request: Request) -> Response:
    vault: Vault = request.app.state.fake.vault
    key = request.headers["paypal-request-id"]
    status = 200 if key in vault.by_key else 201
    return JSONResponse(vault.create_setup(key, await request.json()), status)


async def _get_setup(request: Request) -> Response:
    return JSONResponse(request.app.state.fake.vault.setup(request.path_params["token"]))


async def _exchange(request: Request) -> Response:
    vault: Vault = request.app.state.fake.vault
    key = request.headers["paypal-request-id"]
    return JSONResponse(vault.exchange(key, await request.json()), 201)


async def _list_tokens(request: Request) -> Response:
    vault: Vault = request.app.state.fake.vault
    return JSONResponse(vault.tokens_of(request.query_params["customer_id"]))


async def _get_token(request: Request) -> Response:
    return JSONResponse(request.app.state.fake.vault.token(request.path_params["token"]))


async def _delete_token(request: Request) -> Response:
    request.app.state.fake.vault.delete(request.path_params["token"])
    return Response(status_code=204)


async def _list_disputes(request: Request) -> Response:
    disputes: Disputes = request.app.state.fake.disputes
    return JSONResponse(disputes.of_capture(request.query_params["disputed_transaction_id"]))


async def _get_dispute(request: Request) -> Response:
    return JSONResponse(request.app.state.fake.disputes.find(request.path_params["dispute"]))


async def _provide_evidence(request: Request) -> Response:
    kind = f"content-type: {request.headers['content-type']}\r\n\r\n"
    form = message_from_bytes(kind.encode() + await request.body(), policy=HTTP)
    (part,) = form.iter_parts()
    content = json.loads(part.get_content())
    if not content["evidences"][0]["notes"]:
        raise Refusal(400, "MISSING_REQUIRED_PARAMETER")
    request.app.state.fake.disputes.answer(request.path_params["dispute"])
    return JSONResponse({"links": []})


async def _transactions(request: Request) -> Response:
    query = request.query_params
    start, end = (datetime.fromisoformat(query[name]) for name in ("start_date", "end_date"))
    rows = request.app.state.fake.books.transactions(start, end)
    size, page = int(query["page_size"]), int(query["page"])
    shown = rows[size * (page - 1) : size * page]
    pages = max(1, -(-len(rows) // size))
    return JSONResponse({"transaction_details": shown, "page": page, "total_pages": pages})


async def _certificate(request: Request) -> Response:
    return PlainTextResponse(request.app.state.fake.signer.pem)


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok")


async def _guarded(request: Request, go_on: RequestResponseEndpoint) -> Response:
    """Faults first, then the token, then the road, then the webhooks of what happened there."""
    fake: Fake = request.app.state.fake
    path = request.url.path
    if path.startswith(("/control", "/health", "/v1/notifications")):
        return await go_on(request)
    fault = fake.fault(request.method, path)
    if fault and fault["do"] == "answer":
        return PlainTextResponse(fault["text"], fault["status"])
    if fault and fault["do"] == "hang":
        await asyncio.sleep(fault["seconds"])
        return PlainTextResponse("too late", 504)
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    if path != "/v1/oauth2/token" and bearer not in fake.tokens:
        return JSONResponse({"error": "invalid_token"}, 401)
    answer = await go_on(request)
    fake.publish()
    return PlainTextResponse("lost", 504) if fault else answer


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return JSONResponse(error.content, error.status)


ROUTES = [
    Route("/health", _health),
    Route("/v1/oauth2/token", _token, methods=["POST"]),
    Route("/v2/checkout/orders", _create, methods=["POST"]),
    Route("/v2/checkout/orders/{order}", _get, methods=["GET"]),
    Route("/v2/checkout/orders/{order}", _patch, methods=["PATCH"]),
    Route("/v2/checkout/orders/{order}/capture", _capture, methods=["POST"]),
    Route("/v2/payments/captures/{capture}/refund", _refund, methods=["POST"]),
    Route("/v2/payments/captures/{capture}", _get_capture, methods=["GET"]),
    Route("/v3/vault/setup-tokens", _create_setup, methods=["POST"]),
    Route("/v3/vault/setup-tokens/{token}", _get_setup, methods=["GET"]),
    Route("/v3/vault/payment-tokens", _exchange, methods=["POST"]),
    Route("/v3/vault/payment-tokens", _list_tokens, methods=["GET"]),
    Route("/v3/vault/payment-tokens/{token}", _get_token, methods=["GET"]),
    Route("/v3/vault/payment-tokens/{token}", _delete_token, methods=["DELETE"]),
    Route("/v1/customer/disputes", _list_disputes, methods=["GET"]),
    Route("/v1/customer/disputes/{dispute}", _get_dispute, methods=["GET"]),
    Route("/v1/customer/disputes/{dispute}/provide-evidence", _provide_evidence, methods=["POST"]),
    Route("/v1/reporting/transactions", _transactions, methods=["GET"]),
    Route(f"/v1/notifications/certs/{CERTIFICATE}", _certificate),
    Route("/control/order", control.order),
    Route("/control/webhooks", control.webhooks),
    Route("/control/approve", control.approve, methods=["POST"]),
    Route("/control/keep", control.keep, methods=["POST"]),
    Route("/control/lapse", control.lapse, methods=["POST"]),
    Route("/control/dispute", control.dispute, methods=["POST"]),
    Route("/control/decide", control.decide, methods=["POST"]),
    Route("/control/settle", control.settle, methods=["POST"]),
    Route("/control/forget", control.forget, methods=["POST"]),
    Route("/control/forget_keys", control.forget_keys, methods=["POST"]),
    Route("/control/expire", control.expire, methods=["POST"]),
    Route("/control/fault", control.fault, methods=["POST"]),
    Route("/control/heal", control.heal, methods=["POST"]),
]


def make_app(fake: Fake) -> Starlette:
    """The application of one fake."""
    app = Starlette(
        routes=ROUTES,
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guarded)],
        exception_handlers={Refusal: _refused},
    )
    app.state.fake = fake
    return app
