"""SMS by HTTP: the contract, bad days, and callbacks, against the fake as a real process."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keepline.gateways.messaging.http_sms.adapter import HttpSms
from keepline.gateways.messaging.http_sms.callbacks import read_callback
from keepline.gateways.messaging.inbound import Arrived as Told
from keepline.gateways.messaging.inbound import InboundSms, SmsReceipt
from keepline.gateways.messaging.port import ChannelDown, ChannelUnavailable, SendResult
from keepline.gateways.signed import NotBelieved, Signer
from keepline.gateways.told import NotReadable
from tests.gateways.contract_sms import Arrived, SmsContract, an_sms
from tests.gateways.inbox import open_inbox
from tests.gateways.sms_gateway_process import (
    OTHER_SECRET,
    SECRET,
    SmsGatewayProcess,
    sms_gateway_process,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def gateway() -> Iterator[SmsGatewayProcess]:
    with sms_gateway_process() as process:
        yield process


class TestHttp(SmsContract):
    @pytest.fixture
    def channel(self, gateway: SmsGatewayProcess) -> HttpSms:
        return gateway.adapter()

    @pytest.fixture
    def arrived(self, gateway: SmsGatewayProcess) -> Arrived:
        return lambda: [(row["to"], row["text"]) for row in gateway.messages()]


def test_an_answer_that_is_lost_makes_no_second_message(gateway: SmsGatewayProcess) -> None:
    adapter, message = gateway.adapter(), an_sms()
    gateway.behave("no_answer", times=1)
    (lost,) = adapter.send_all([message])
    assert isinstance(lost, ChannelDown)
    sent = [adapter.send(message), adapter.send(message)]
    assert sent[0] == sent[1]
    assert [row["times"] for row in gateway.messages()] == [3]


@pytest.mark.parametrize("mode", ["down", "garbage", "no_answer"])
def test_a_bad_day_is_nobodys_try(gateway: SmsGatewayProcess, mode: str) -> None:
    gateway.behave(mode)
    adapter = gateway.adapter()
    sent = adapter.send_all([an_sms(), an_sms()])
    assert [type(each) for each in sent] == [ChannelDown, ChannelDown]
    assert adapter.complaints() != []


def test_full_is_said_of_each(gateway: SmsGatewayProcess) -> None:
    gateway.behave("full", times=1)
    (outcome,) = gateway.adapter().send_all([an_sms()])
    assert type(outcome) is ChannelUnavailable
    assert str(outcome) == "queue_full"


def test_many_go_in_several_requests(gateway: SmsGatewayProcess) -> None:
    sent = gateway.adapter().send_all([an_sms(str(n)) for n in range(250)])
    assert all(isinstance(each, SendResult) for each in sent)
    assert [row["text"] for row in gateway.messages()] == [str(n) for n in range(250)]


def test_another_secret_is_not_believed(gateway: SmsGatewayProcess) -> None:
    stranger = gateway.adapter(OTHER_SECRET)
    assert stranger.complaints() == ["it does not take messages from us: HTTP 401"]
    (outcome,) = stranger.send_all([an_sms()])
    assert isinstance(outcome, ChannelDown)
    assert gateway.messages() == []


def test_nobody_there(gateway: SmsGatewayProcess) -> None:
    gateway.kill()
    adapter = gateway.adapter()
    assert adapter.complaints() == ["it does not take messages from us: ConnectError"]
    gateway.start()
    assert adapter.complaints() == []


@pytest.mark.parametrize(
    "results",
    [
        "nonsense",
        [],
        [{"id": "another", "status": "accepted", "reference": "1"}],
        [{"status": "accepted"}],
    ],
)
def test_an_answer_that_says_nothing_of_it_is_no_delivery(results: Any) -> None:
    (outcome,) = _answered_with({"results": results})
    assert isinstance(outcome, ChannelUnavailable)


def _answered_with(content: dict[str, Any]) -> list[object]:
    """What the adapter makes of an answer with this content."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        adapter = HttpSms(f"http://127.0.0.1:{server.server_address[1]}", [SECRET], "", 5)
        try:
            return list(adapter.send_all([an_sms()]))
        finally:
            thread.join(5)


def told(
    content: dict[str, Any], secret: str = SECRET, believed: tuple[str, ...] = (SECRET,)
) -> Told | None:
    text = json.dumps(content)
    headers = Signer([secret]).headers("cb_1", text, NOW)
    return read_callback(headers, text.encode(), believed, NOW)


RECEIVED = {
    "id": "m-1",
    "to": "+442071838750",
    "from": "Bank",
    "text": "验证码 123456",
    "sent_at": "2026-11-22T12:00:00+00:00",
}


def test_callbacks() -> None:
    assert told({"type": "message.received", "data": RECEIVED}) == InboundSms(
        "+442071838750", "Bank", "验证码 123456", "m-1", NOW
    )
    assert told({"type": "message.delivered", "data": {"reference": "r"}}) == SmsReceipt(
        "r", "delivered", "delivered"
    )
    failed = {"type": "message.failed", "data": {"reference": "r", "code": "absent"}}
    assert told(failed) == SmsReceipt("r", "refused", "absent")
    assert told({"type": "message.read", "data": {}}) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": None}, "to"),
        ({"to": 442071838750}, "to"),
        ({"from": ""}, "from"),
        ({"id": ""}, "id"),
        ({"id": "x" * 101}, "id"),
        ({"text": None}, "text"),
        ({"text": "x" * 5001}, "text"),
        ({"sent_at": "yesterday"}, "sent_at"),
        ({"sent_at": "2026-11-22T12:00:00"}, "sent_at"),
    ],
)
def test_what_cannot_be_read_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(NotReadable, match=f"^{field}$"):
        told({"type": "message.received", "data": {**RECEIVED, **change}})


@pytest.mark.parametrize("content", [[], {"type": "message.received"}, {"data": {}}])
def test_what_is_no_callback(content: Any) -> None:
    with pytest.raises(NotReadable):
        told(content)


def test_no_empty_text_is_lost_and_no_nul_kept() -> None:
    empty = told({"type": "message.received", "data": {**RECEIVED, "text": ""}})
    assert isinstance(empty, InboundSms)
    assert empty.text == ""
    odd = told({"type": "message.received", "data": {**RECEIVED, "text": "a\0b"}})
    assert isinstance(odd, InboundSms)
    assert odd.text == "a\N{REPLACEMENT CHARACTER}b"


def test_signatures() -> None:
    content = {"type": "message.delivered", "data": {"reference": "r"}}
    with pytest.raises(NotBelieved):
        told(content, secret=OTHER_SECRET)
    assert told(content, secret=OTHER_SECRET, believed=(SECRET, OTHER_SECRET)) is not None
    text = json.dumps(content)
    headers = Signer([SECRET]).headers("cb_1", text, NOW)
    for late in (timedelta(minutes=6), -timedelta(minutes=6)):
        with pytest.raises(NotBelieved):
            read_callback(headers, text.encode(), [SECRET], NOW + late)
    with pytest.raises(NotBelieved):
        read_callback(headers, text.encode() + b" ", [SECRET], NOW)
    with pytest.raises(NotBelieved):
        read_callback({}, text.encode(), [SECRET], NOW)


def test_the_fake_signs_its_callbacks() -> None:
    with open_inbox() as inbox, sms_gateway_process(inbox.url) as gateway:
        assert gateway.tell("message.received", **RECEIVED) == 200
        ((headers, body),) = inbox.webhooks
    message = read_callback(headers, body, [SECRET], datetime.now(UTC))
    assert isinstance(message, InboundSms)
    assert message.text == RECEIVED["text"]
