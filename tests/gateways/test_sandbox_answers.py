"""The adapter against a provider out of its mind: only the port's errors ever come out."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest

from keepline.gateways.payments.port import ProviderRefused, ProviderUnknown
from keepline.gateways.payments.sandbox.adapter import SandboxPayments
from tests.gateways.contract_payments import a_refund, a_request
from tests.gateways.sandbox_process import WEBHOOK_SECRET, free_port

Call = Callable[[SandboxPayments], object]
REQUEST = a_request()
CALLS: dict[str, Call] = {
    "open": lambda adapter: adapter.open_payment(REQUEST),
    "ask": lambda adapter: adapter.ask(uuid4(), None),
    "cancel": lambda adapter: adapter.cancel(uuid4(), None),
    "refund": lambda adapter: adapter.refund(a_refund(REQUEST, "sbx_1", 1)),
    "list": lambda adapter: adapter.list_payments(datetime.now(UTC), datetime.now(UTC)),
}
PENDING = b'{"id":"x","status":"pending","refunds":[]}'
UNREADABLE = [
    (200, b""),
    (200, b"<html>"),
    (200, b"null"),
    (200, b"[]"),
    (200, b"{}"),
    (200, PENDING),
    (200, b'{"payments":[{}]}'),
    (200, b'{"payments":3}'),
    (200, b"\xff\xfe"),
    (204, b""),
    (302, b""),
    (500, b"{}"),
    (503, b'{"error":{"code":"x","message":"y"}}'),
]


@pytest.fixture
def odd() -> Iterator[tuple[SandboxPayments, list[tuple[int, bytes]]]]:
    """An adapter, and the one answer its provider gives to everything."""
    answer = [(200, b"{}")]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            status, body = answer[0]
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    yield SandboxPayments(url, "key", WEBHOOK_SECRET, 2), answer
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("call", CALLS)
def test_unreadable_answers_are_unknown(
    odd: tuple[SandboxPayments, list[tuple[int, bytes]]], call: str
) -> None:
    adapter, answer = odd
    for answer[0] in UNREADABLE:
        with pytest.raises(ProviderUnknown):
            CALLS[call](adapter)


@pytest.mark.parametrize("call", CALLS)
def test_nobody_there_is_unknown(call: str) -> None:
    adapter = SandboxPayments(f"http://127.0.0.1:{free_port()}", "key", WEBHOOK_SECRET, 1)
    with pytest.raises(ProviderUnknown):
        CALLS[call](adapter)


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429])
def test_4xx_is_a_no_to_orders_and_no_answer_to_questions(
    odd: tuple[SandboxPayments, list[tuple[int, bytes]]], status: int
) -> None:
    adapter, answer = odd
    answer[0] = (status, b'{"error":{"code":"no_luck","message":"not today"}}')
    for call in ("open", "refund"):
        with pytest.raises(ProviderRefused) as refusal:
            CALLS[call](adapter)
        assert (refusal.value.code, refusal.value.message) == ("no_luck", "not today")
    for call in ("ask", "cancel", "list"):
        with pytest.raises(ProviderUnknown):
            CALLS[call](adapter)


def test_refusal_without_reason_tells_its_status(
    odd: tuple[SandboxPayments, list[tuple[int, bytes]]],
) -> None:
    adapter, answer = odd
    answer[0] = (418, b"teapot")
    with pytest.raises(ProviderRefused) as refusal:
        adapter.open_payment(REQUEST)
    assert refusal.value.code == "http_418"
