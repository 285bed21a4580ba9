"""The adapter and PayPal's SDK beside a fake out of its mind: only the port's errors come out."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from keepline.gateways.payments.paypal.adapter import PayPalPayments
from keepline.gateways.payments.paypal.fake.place import fake_paypal
from keepline.gateways.payments.port import (
    PaymentRequest,
    ProviderRefused,
    ProviderUnknown,
    StoredMethod,
)
from tests.gateways.contract_payments import a_refund, a_request
from tests.gateways.contract_stored import a_charge, a_storing
from tests.gateways.paypal_process import PayPalProcess, paypal_process
from tests.gateways.sandbox_process import free_port

Call = Callable[[PayPalPayments], object]
REQUEST = a_request()
NOW = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
STORING = a_storing()
METHOD = StoredMethod("", "8kk8451t", "paypal", "PayPal", None)
CHARGE = replace(a_charge(METHOD), payment_id=REQUEST.payment_id)
CALLS: dict[str, Call] = {
    "open": lambda adapter: adapter.open_payment(REQUEST),
    "ask": lambda adapter: adapter.ask(REQUEST.payment_id, "5O190127TN364715T"),
    "cancel": lambda adapter: adapter.cancel(REQUEST.payment_id, "5O190127TN364715T"),
    "refund": lambda adapter: adapter.refund(a_refund(REQUEST, "5O190127TN364715T", 1)),
    "list": lambda adapter: adapter.list_payments(NOW, NOW + timedelta(days=1)),
    "store": lambda adapter: adapter.open_storing(STORING),
    "ask storing": lambda adapter: adapter.ask_storing(STORING.storing_id, "5C991763VB2781612"),
    "charge": lambda adapter: adapter.charge_stored(CHARGE),
    "forget": lambda adapter: adapter.forget_method(CHARGE.method),
}
HALF = (
    '{"id":"5O190127TN364715T","status":"%s","intent":"CAPTURE","purchase_units":'
    '[{"custom_id":"' + str(REQUEST.payment_id) + '","amount":%s,"payments":%s}]}'
)
EUR = '{"currency_code":"EUR","value":"19.99"}'
UNREADABLE = [
    (200, ""),
    (200, "<html>"),
    (200, "null"),
    (200, "[]"),
    (200, "{}"),
    (200, '{"id":"x","status":"CREATED","purchase_units":[]}'),
    (200, '{"id":"x","status":"CREATED","purchase_units":[{"amount":3}]}'),
    (200, '{"transaction_details":[{}],"total_pages":1}'),
    (200, '{"transaction_details":3,"total_pages":"x"}'),
    (200, HALF % ("WONDERFUL", EUR, "{}")),
    (200, HALF % ("COMPLETED", EUR, "{}")),
    (200, HALF % ("CREATED", '{"currency_code":"EUR","value":"19.999"}', "{}")),
    (200, HALF % ("COMPLETED", EUR, '{"captures":[{"status":"ODD","amount":{}}]}')),
    (204, ""),
    (302, ""),
    (408, "{}"),
    (409, '{"name":"RESOURCE_CONFLICT"}'),
    (422, '{"details":[{"issue":"PREVIOUS_REQUEST_IN_PROGRESS"}]}'),
    (429, '{"name":"RATE_LIMIT_REACHED"}'),
    (500, "{}"),
    (503, '{"name":"SERVICE_UNAVAILABLE","details":[]}'),
]


class Odd:
    """One answer to everything but the question for a token."""

    def __init__(self) -> None:
        self.answer = (200, "{}")
        self.url = ""
        self.tokens = 0
        self.calls = 0


@pytest.fixture
def odd() -> Iterator[Odd]:
    odd = Odd()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            status, text = odd.answer
            odd.calls += 1
            if self.path == "/v1/oauth2/token":
                odd.calls -= 1
                odd.tokens += 1
                status, text = 200, '{"access_token":"t","token_type":"Bearer","expires_in":32400}'
            self.send_response(status)
            self.send_header("content-length", str(len(text.encode())))
            self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    odd.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield odd
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def paypal() -> Iterator[PayPalProcess]:
    with paypal_process() as process:
        yield process


def an_adapter(url: str, timeout_s: float = 2) -> PayPalPayments:
    return fake_paypal(url, "id", "secret", "webhook", timeout_s)


def opened(adapter: PayPalPayments) -> tuple[PaymentRequest, str]:
    request = a_request()
    return request, adapter.open_payment(request).provider_payment_id


@pytest.mark.parametrize("call", sorted(CALLS.keys() - {"forget"}))  # nothing to read there
def test_unreadable_answers_are_unknown(odd: Odd, call: str) -> None:
    adapter = an_adapter(odd.url)
    for odd.answer in UNREADABLE:
        with pytest.raises(ProviderUnknown):
            CALLS[call](adapter)


@pytest.mark.parametrize("call", CALLS)
def test_nobody_there_is_unknown(call: str) -> None:
    with pytest.raises(ProviderUnknown):
        CALLS[call](an_adapter(f"http://127.0.0.1:{free_port()}"))


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_no_is_definitive_for_orders_and_no_answer_to_questions(odd: Odd, status: int) -> None:
    adapter = an_adapter(odd.url)
    odd.answer = (status, '{"name":"N","details":[{"issue":"NO_LUCK","description":"not today"}]}')
    with pytest.raises(ProviderRefused) as refusal:
        adapter.open_payment(REQUEST)
    assert (refusal.value.code, refusal.value.message) == ("NO_LUCK", "not today")
    with pytest.raises(ProviderRefused):
        CALLS["store"](adapter)
    for name in (
        "ask",
        "ask storing",
        "cancel",
        "list",
        "refund",
    ):  # a refund looks first: was it paid before?
        with pytest.raises(ProviderUnknown, match="NO_LUCK"):
            CALLS[name](adapter)


@pytest.mark.parametrize(
    ("text", "code"),
    [("teapot", "http_418"), ('{"name":"INVALID_REQUEST"}', "INVALID_REQUEST"), ("[]", "http_418")],
)
def test_a_no_tells_what_it_can(odd: Odd, text: str, code: str) -> None:
    odd.answer = (418, text)
    with pytest.raises(ProviderRefused) as refusal:
        an_adapter(odd.url).open_payment(REQUEST)
    assert refusal.value.code == code


def test_wrong_keys_are_a_definitive_no(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter(secret="wrong")
    with pytest.raises(ProviderRefused) as refusal:
        adapter.open_payment(REQUEST)
    assert refusal.value.code == "invalid_client"
    with pytest.raises(ProviderUnknown):
        adapter.ask(REQUEST.payment_id, "5O190127TN364715T")


@pytest.mark.parametrize("answer", [(500, "oops"), (200, "<html>"), (200, "{}"), (429, "")])
def test_no_usable_token_is_unknown(paypal: PayPalProcess, answer: tuple[int, str]) -> None:
    for _ in range(2):  # a token that nobody can use is asked for once more
        paypal.fails_once("/v1/oauth2/token", "answer", status=answer[0], text=answer[1])
    with pytest.raises(ProviderUnknown):
        paypal.adapter().open_payment(a_request())
    paypal.control("heal")


def test_an_expired_token_is_renewed_unseen(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.control("expire")
    assert adapter.ask(request.payment_id, order_id).status == "pending"


def test_a_token_that_is_never_taken_is_renewed_once_only(odd: Odd) -> None:
    odd.answer = (401, '{"error":"invalid_token"}')
    with pytest.raises(ProviderRefused) as refusal:
        an_adapter(odd.url).open_payment(REQUEST)
    assert (refusal.value.code, odd.tokens) == ("invalid_token", 2)


def test_a_timeout_is_unknown_and_short(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter(timeout_s=0.3)
    paypal.fails_once("/v2/checkout/orders", "hang", seconds=3)
    started = time.monotonic()
    with pytest.raises(ProviderUnknown, match="Timeout"):
        adapter.open_payment(a_request())
    assert time.monotonic() - started < 2.5, "waited for the answer, or sent it again"


def test_a_book_of_many_pages_is_read_to_its_end(odd: Odd) -> None:
    adapter = an_adapter(odd.url)
    odd.answer = (200, '{"transaction_details":[],"total_pages":3}')
    assert adapter.list_payments(NOW, NOW + timedelta(days=1)) == []
    assert odd.calls == 3
