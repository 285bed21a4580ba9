"""The adapter on bad days: only what Alipay signed is believed, and nothing is told on."""

import base64
import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256

from keepline.gateways.payments.alipay.adapter import PAYABLE_FOR, AlipayPayments
from keepline.gateways.payments.alipay.fake.signing import Signing
from keepline.gateways.payments.alipay.times import read_instant
from keepline.gateways.payments.port import PaymentRequest, ProviderRefused, ProviderUnknown
from tests.gateways.alipay_process import (
    APP_ID,
    AlipayProcess,
    a_key,
    alipay_process,
    private_pem,
    public_pem,
)
from tests.gateways.contract_payments import a_refund, a_request
from tests.gateways.inbox import Inbox
from tests.gateways.sandbox_process import free_port

REQUEST = a_request(1999, "CNY")
REFUND = a_refund(REQUEST, REQUEST.payment_id.hex, 500)
DAY = datetime(2027, 3, 28, tzinfo=UTC)
APP, ALIPAY, STRANGER = a_key(), a_key(), a_key()
QUERY, BILL = "alipay.trade.query", "alipay.data.dataservice.bill.downloadurl.query"
Call = Callable[[AlipayPayments], object]
CALLS: dict[str, tuple[str, Call]] = {
    "open": (QUERY, lambda adapter: adapter.open_payment(REQUEST)),
    "ask": (QUERY, lambda adapter: adapter.ask(REQUEST.payment_id, None)),
    "cancel": ("alipay.trade.close", lambda adapter: adapter.cancel(REQUEST.payment_id, None)),
    "refund": ("alipay.trade.refund", lambda adapter: adapter.refund(REFUND)),
    "list": (BILL, lambda adapter: adapter.list_payments(DAY, DAY + timedelta(hours=1))),
}
PAID = {
    "code": "10000",
    "out_trade_no": REQUEST.payment_id.hex,
    "total_amount": "19.99",
    "trade_status": "TRADE_SUCCESS",
}


def signing(key: object = ALIPAY) -> Signing:
    own = private_pem(key).encode()  # type: ignore[arg-type]
    return Signing(own, public_pem(APP).encode(), APP_ID)


class Odd:
    """A gateway with one answer to everything, and the adapter that asks it."""

    def __init__(self, url: str) -> None:
        keys = (private_pem(APP), public_pem(ALIPAY))
        later = DAY + timedelta(days=5)
        self.answer: tuple[int, bytes] = (200, b"{}")
        self.adapter = AlipayPayments(
            APP_ID, *keys, "", 2, f"{url}/gateway.do", clock=lambda: later
        )

    def says(self, api: str, content: object, key: object = ALIPAY) -> None:
        self.answer = (200, signing(key).answer(api, content).encode())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def odd() -> Iterator[Odd]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            status, body = gateway.answer
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
    gateway = Odd(f"http://127.0.0.1:{server.server_address[1]}")
    yield gateway
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def alipay(
    tmp_path_factory: pytest.TempPathFactory, shared_inbox: Inbox
) -> Iterator[AlipayProcess]:
    folder = tmp_path_factory.mktemp("alipay")
    with alipay_process(folder, f"{shared_inbox.url}/hook") as process:
        yield process


def paid(alipay: AlipayProcess) -> PaymentRequest:
    """A payment of 1999 fen that was paid."""
    provider, request = alipay.adapter(), a_request(1999, "CNY")
    provider.open_payment(request)
    alipay.pay(provider, request.payment_id)
    return request


@pytest.mark.parametrize("call", CALLS)
def test_what_is_not_signed_is_unknown(odd: Odd, call: str) -> None:
    api, act = CALLS[call]
    name = f"{api.replace('.', '_')}_response"
    bare = json.dumps({name: PAID}).encode()
    texts = [b"", b"<html>", b"null", b"[]", b"{}", b"\xff\xfe", bare, bare[:-1] + b',"sign":""}']
    answers = [*((200, text) for text in texts), (204, b""), (302, b""), (500, bare), (503, bare)]
    for odd.answer in answers:
        with pytest.raises(ProviderUnknown):
            act(odd.adapter)


@pytest.mark.parametrize("call", CALLS)
def test_forged_answers_are_unknown(odd: Odd, call: str) -> None:
    api, act = CALLS[call]
    odd.says(api, PAID, STRANGER)
    with pytest.raises(ProviderUnknown, match="not signed by Alipay"):
        act(odd.adapter)
    odd.says("alipay.trade.precreate", PAID)  # signed, but an answer to another call
    with pytest.raises(ProviderUnknown):
        act(odd.adapter)


def test_a_signed_text_with_more_around_it_tells_only_what_was_signed(odd: Odd) -> None:
    odd.says(QUERY, PAID)
    _, body = odd.answer
    assert odd.adapter.ask(REQUEST.payment_id, None).captured_minor == 1999
    odd.answer = (200, body.replace(b"19.99", b"29.99"))
    with pytest.raises(ProviderUnknown, match="not signed"):
        odd.adapter.ask(REQUEST.payment_id, None)
    forged = json.dumps({**PAID, "total_amount": "29.99"}).encode()
    odd.answer = (200, body[:-1] + b',"alipay_trade_query_response":' + forged + b"}")
    assert odd.adapter.ask(REQUEST.payment_id, None).captured_minor == 1999


@pytest.mark.parametrize(("weak", "believed"), [(MD5, False), (SHA1, False), (SHA256, True)])
def test_no_other_hash_than_sha256(odd: Odd, weak: type, believed: bool) -> None:
    text = json.dumps(PAID)
    signature = base64.b64encode(ALIPAY.sign(text.encode(), PKCS1v15(), weak())).decode()
    body = f'{{"alipay_trade_query_response":{text},"sign":"{signature}"}}'
    odd.answer = (200, body.encode())
    if believed:
        assert odd.adapter.ask(REQUEST.payment_id, None).status == "captured"
    else:
        with pytest.raises(ProviderUnknown, match="not signed"):
            odd.adapter.ask(REQUEST.payment_id, None)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"code": "10003"},
        {"code": "20000", "sub_code": "isp.unknow-error"},
        {"code": "40004"},
        {"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"},
        {"code": "40004", "sub_code": "aop.ACQ.SYSTEM_ERROR"},
        {"code": "10000"},
    ],
)
def test_signed_but_no_answer_is_unknown(odd: Odd, call: str, content: object) -> None:
    api, act = CALLS[call]
    odd.says(api, content)
    with pytest.raises(ProviderUnknown):
        act(odd.adapter)


@pytest.mark.parametrize(
    "changed",
    [
        {"out_trade_no": "7" * 32},
        {"trade_status": "TRADE_PENDING"},
        {"total_amount": "many"},
        {"total_amount": None},
        {"trade_status": []},
    ],
)
def test_a_trade_that_cannot_be_read_is_unknown(odd: Odd, changed: dict[str, object]) -> None:
    odd.says(QUERY, {**PAID, **changed})
    with pytest.raises(ProviderUnknown):
        odd.adapter.ask(REQUEST.payment_id, None)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"trade_status": "TRADE_FINISHED"}, ("captured", 1999, 0)),
        ({"trade_status": "TRADE_CLOSED"}, ("expired", 0, 0)),
        (
            {"trade_status": "TRADE_CLOSED", "send_pay_date": "2027-03-28 09:30:00"},
            ("captured", 1999, 1999),
        ),
    ],
)
def test_ends(odd: Odd, answer: dict[str, str], status: tuple[str, int, int]) -> None:
    odd.says(QUERY, {**PAID, **answer})
    told = odd.adapter.ask(REQUEST.payment_id, None)
    assert (told.status, told.captured_minor, told.refunded_minor) == status


@pytest.mark.parametrize("call", CALLS)
def test_nobody_there_is_unknown(call: str) -> None:
    keys = (private_pem(APP), public_pem(ALIPAY))
    url = f"http://127.0.0.1:{free_port()}/"
    adapter = AlipayPayments(APP_ID, *keys, "", 1, url, clock=lambda: DAY + timedelta(days=5))
    with pytest.raises(ProviderUnknown):
        CALLS[call][1](adapter)


@pytest.mark.parametrize(
    "kind", ["error_500", "hang", "answer_lost", "wrong_signature", "system_error"]
)
def test_a_refund_without_answer_is_sent_again_and_done_once(
    alipay: AlipayProcess, kind: str
) -> None:
    request, provider = paid(alipay), alipay.adapter()
    refund = a_refund(request, "", 1500)
    alipay.fault("alipay.trade.refund", kind)
    with pytest.raises(ProviderUnknown):
        alipay.adapter(timeout_s=1).refund(refund)
    assert provider.refund(refund).status == "refunded"
    over = provider.refund(a_refund(request, "", 500))
    assert over.status == "refused"  # 1500 of 1999 went back, once


def test_a_refund_that_is_taken_but_not_carried_out_is_unknown(alipay: AlipayProcess) -> None:
    request = paid(alipay)
    alipay.fault("alipay.trade.refund", "not_carried_out")
    with pytest.raises(ProviderUnknown, match="not carried out"):
        alipay.adapter().refund(a_refund(request, "", 500))


def test_an_address_is_refused_after_its_time(alipay: AlipayProcess) -> None:
    long_ago = datetime.now(UTC) - PAYABLE_FOR - timedelta(seconds=1)
    opened = alipay.adapter(clock=lambda: long_ago).open_payment(a_request(1999, "CNY"))
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        alipay.visit(opened.checkout_url)


def test_times_are_chinas_whatever_the_machine_says(alipay: AlipayProcess) -> None:
    opened = alipay.adapter(clock=lambda: DAY).open_payment(a_request(1999, "CNY"))
    sent = dict(parse_qsl(urlsplit(opened.checkout_url).query))
    assert sent["timestamp"] == "2027-03-28 08:00:00"
    assert read_instant(json.loads(sent["biz_content"])["time_expire"]) == DAY + PAYABLE_FOR


@pytest.mark.parametrize(
    ("amount_minor", "currency", "code"),
    [(1999, "EUR", "currency_not_offered"), (10**10 + 1, "CNY", "amount_not_offered")],
)
def test_refused_without_a_call(amount_minor: int, currency: str, code: str, odd: Odd) -> None:
    odd.answer = (500, b"")
    request = a_request(amount_minor, currency)
    with pytest.raises(ProviderRefused) as refusal:
        odd.adapter.open_payment(request)
    assert refusal.value.code == code
    with pytest.raises(ProviderRefused) as refusal:
        odd.adapter.refund(a_refund(request, "", amount_minor))
    assert refusal.value.code == code


def test_nothing_of_the_holder_or_the_keys_is_logged_or_raised(
    alipay: AlipayProcess, odd: Odd, caplog: pytest.LogCaptureFixture
) -> None:
    request, provider = paid(alipay), alipay.adapter()
    for logger in ("", "httpx"):
        caplog.set_level(logging.DEBUG, logger)
    caplog.clear()  # of the browser's lines
    assert provider.ask(request.payment_id, None).status == "captured"
    provider.open_payment(request)
    odd.says(QUERY, {**PAID, "trade_status": "NEW", "buyer_logon_id": "hol***@example.com"})
    with pytest.raises(ProviderUnknown) as unknown:
        odd.adapter.ask(REQUEST.payment_id, None)
    assert "gateway.do" in caplog.text  # the lines of the HTTP library are among them
    for word in ("hol***@example.com", "PRIVATE", "biz_content", APP_ID, request.payment_id.hex):
        assert word not in caplog.text
        assert word not in str(unknown.value)
