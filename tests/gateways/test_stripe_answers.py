"""The adapter against a Stripe out of its mind: only the port's errors ever come out."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from keepline.gateways.payments.port import ProviderRefused, ProviderUnknown, StoredMethod
from keepline.gateways.payments.stripe.adapter import StripePayments
from keepline.gateways.payments.stripe.sdk import StripeMissing
from tests.gateways.contract_payments import a_refund, a_request
from tests.gateways.contract_stored import a_charge, a_storing
from tests.gateways.sandbox_process import free_port

Call = Callable[[StripePayments], object]
REQUEST = a_request()
REFUND = a_refund(REQUEST, "cs_1", 100)
STORING = a_storing()
CHARGE = a_charge(StoredMethod("cus_1", "pm_1", "card", "Visa 4242", None))
CALLS: dict[str, Call] = {
    "open": lambda adapter: adapter.open_payment(REQUEST),
    "ask": lambda adapter: adapter.ask(REQUEST.payment_id, "cs_1"),
    "cancel": lambda adapter: adapter.cancel(REQUEST.payment_id, "cs_1"),
    "refund": lambda adapter: adapter.refund(REFUND),
    "list": lambda adapter: adapter.list_payments(datetime.now(UTC), datetime.now(UTC)),
    "ask a charge": lambda adapter: adapter.ask(REQUEST.payment_id, "pi_1"),
    "find a charge": lambda adapter: adapter.ask(REQUEST.payment_id, None),
    "store": lambda adapter: adapter.open_storing(STORING),
    "ask storing": lambda adapter: adapter.ask_storing(STORING.storing_id, "cs_1"),
    "charge": lambda adapter: adapter.charge_stored(CHARGE),
    "forget": lambda adapter: adapter.forget_method(CHARGE.method),
}
PAID = {
    "id": "cs_1",
    "object": "checkout.session",
    "amount_total": 1999,
    "currency": "eur",
    "metadata": {"payment_id": str(REQUEST.payment_id)},
    "payment_status": "paid",
    "status": "complete",
    "url": None,
    "payment_intent": {
        "id": "pi_1",
        "object": "payment_intent",
        "amount_received": 1999,
        "last_payment_error": None,
        "status": "succeeded",
        "latest_charge": {
            "id": "ch_1",
            "object": "charge",
            "refunds": {"object": "list", "data": [], "has_more": False},
        },
    },
}


def encoded(content: object) -> bytes:
    return json.dumps(content).encode()


def error_body(**error: str) -> bytes:
    return encoded({"error": {"type": "invalid_request_error", "message": "not today", **error}})


UNREADABLE = [
    (200, b""),
    (200, b"<html>"),
    (200, b"null"),
    (200, b"[]"),
    (200, b"7"),
    (200, b"{}"),
    (200, b'{"object":"checkout.session","id":"cs_1"}'),
    (200, b'{"object":"checkout.session","id":7,"url":null}'),
    (200, b'{"object":"list","data":[{}],"has_more":false}'),
    (200, b'{"object":"list","data":[],"has_more":true}'),
    (200, encoded({"object": "list", "data": [{**PAID, "status": None}], "has_more": True})),
    (200, encoded({**PAID, "url": 3, "payment_intent": "pi_1"})),
    (200, encoded({**PAID, "id": None, "payment_status": "no_payment_required"})),
    (200, encoded({**PAID, "id": None, "currency": "xqq"})),
    (200, b"\xff\xfe"),
    (204, b""),
    (302, b""),
    (400, b"<html>"),
    (400, b'{"error":[]}'),
    (400, b'{"error":"odd"}'),
    (402, b"null"),
    (409, error_body(code="idempotency_key_in_use")),
    (418, b"teapot"),
    (429, error_body(code="lock_timeout")),
    (500, b"{}"),
    (503, error_body()),
]


@dataclass
class Odd:
    """What the server answers to everything; to orders, what `to_orders` says, if anything."""

    to_all: tuple[int, bytes] = (200, b"{}")
    to_orders: tuple[int, bytes] | None = None
    keys: list[str | None] = field(default_factory=list)


@pytest.fixture
def odd() -> Iterator[tuple[StripePayments, Odd]]:
    """An adapter, and what its Stripe answers."""
    answers = Odd()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(answers.to_all)

        def do_POST(self) -> None:
            answers.keys.append(self.headers["idempotency-key"])
            self.answer(answers.to_orders or answers.to_all)

        def answer(self, answer: tuple[int, bytes]) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            status, body = answer
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    yield StripePayments("sk_test", "whsec", 2, api_base=url), answers
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("call", CALLS)
def test_unreadable_answers_are_unknown(odd: tuple[StripePayments, Odd], call: str) -> None:
    adapter, answers = odd
    understood = []
    for answers.to_all in UNREADABLE:
        with suppress(ProviderUnknown):
            understood.append((answers.to_all, CALLS[call](adapter)))
    assert understood == []


@pytest.mark.parametrize("call", CALLS)
def test_nobody_there_is_unknown(call: str) -> None:
    adapter = StripePayments("sk_test", "whsec", 1, api_base=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ProviderUnknown):
        CALLS[call](adapter)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
def test_4xx_is_a_no_to_orders_and_no_answer_to_questions(
    odd: tuple[StripePayments, Odd], status: int
) -> None:
    adapter, answers = odd
    answers.to_all = (status, error_body(code="no_luck"))
    with pytest.raises(ProviderRefused) as refusal:
        CALLS["open"](adapter)
    assert refusal.value.message == "not today"
    with pytest.raises(ProviderRefused):
        CALLS["store"](adapter)
    for call in CALLS.keys() - {"open", "store"}:
        with pytest.raises(ProviderUnknown):
            CALLS[call](adapter)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "amount_too_small"}, "amount_too_small"),
        ({"param": "locale"}, "invalid_locale"),
        ({"type": "idempotency_error"}, "idempotency_error"),
        ({}, "invalid_request_error"),
    ],
)
def test_a_refusal_always_has_a_code(
    odd: tuple[StripePayments, Odd], error: dict[str, str], code: str
) -> None:
    adapter, answers = odd
    answers.to_all = (200, encoded({"object": "list", "data": [], "has_more": False}))
    answers.to_orders = (400, error_body(**error))
    with pytest.raises(ProviderRefused) as refusal:
        CALLS["open"](adapter)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "charge_already_refunded"}, "charge_already_refunded"),
        ({"code": "charge_disputed"}, "charge_disputed"),
        ({"param": "amount"}, "invalid_amount"),
    ],
)
def test_no_refund_is_an_answer(
    odd: tuple[StripePayments, Odd], error: dict[str, str], code: str
) -> None:
    adapter, answers = odd
    answers.to_all, answers.to_orders = (200, encoded(PAID)), (400, error_body(**error))
    status = adapter.refund(REFUND)
    assert (status.status, status.code) == ("refused", code)


def test_a_wrong_refund_call_is_refused(odd: tuple[StripePayments, Odd]) -> None:
    adapter, answers = odd
    answers.to_all = (200, encoded(PAID))
    answers.to_orders = (400, error_body(code="resource_missing"))
    with pytest.raises(ProviderRefused) as refusal:
        adapter.refund(REFUND)
    assert refusal.value.code == "resource_missing"


@pytest.mark.parametrize("answer", [(500, b"{}"), (429, error_body()), (200, b"{}")])
def test_refund_with_an_odd_answer_is_unknown(
    odd: tuple[StripePayments, Odd], answer: tuple[int, bytes]
) -> None:
    adapter, answers = odd
    answers.to_all, answers.to_orders = (200, encoded(PAID)), answer
    with pytest.raises(ProviderUnknown):
        adapter.refund(REFUND)


def test_one_call_is_one_order_under_our_id(odd: tuple[StripePayments, Odd]) -> None:
    """The library does not send again by itself, not even after a 409 or a 500."""
    adapter, answers = odd
    for answer in ((409, error_body()), (500, b"{}")):
        answers.to_all, answers.to_orders = (200, encoded(PAID)), answer
        for call in ("open", "refund"):
            with pytest.raises(ProviderUnknown):
                CALLS[call](adapter)
    assert answers.keys == [str(REQUEST.payment_id), str(REFUND.refund_id)] * 2


def test_amounts_stripe_cannot_take_are_never_sent(odd: tuple[StripePayments, Odd]) -> None:
    adapter, answers = odd
    with pytest.raises(ProviderRefused) as refusal:
        adapter.open_payment(a_request(5124, "KWD"))
    assert refusal.value.code == "amount_not_representable"
    assert answers.keys == []


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stripe", None)
    with pytest.raises(StripeMissing, match=r"pip install keepline\[stripe\]"):
        StripePayments("sk_test", "whsec", 1)


def test_the_adapter_is_imported_without_the_library() -> None:
    code = (
        "import sys, keepline.gateways.payments.stripe.adapter; sys.exit('stripe' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
