"""Messages to browsers, at a fake push service that plays the browser too."""

import base64
import json
import os
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from keepline.gateways.messaging.port import ChannelRefused, ChannelUnavailable
from keepline.gateways.messaging.push import PushMessage, Subscription, SubscriptionRefused
from keepline.gateways.messaging.push_keys import new_private_key, public_key_of
from keepline.gateways.messaging.web_push import BLOCK, WebPush
from keepline.gateways.outside.calling import OutsideCaller
from keepline.gateways.outside.places import Reach
from tests.gateways.outer_world import hang, says, server

CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Browser:
    """What a browser keeps to itself, and what it gives out."""

    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    def given(self, endpoint: str) -> dict[str, str]:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": endpoint, "p256dh": text(point), "auth": text(self.auth)}

    def reads(self, body: bytes) -> Any:
        opened = http_ece.decrypt(
            body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )
        return json.loads(opened)


KEY = new_private_key()
LOOPBACK = Reach(loopback=True)


def channel(reach: Reach = LOOPBACK, **changes: Any) -> WebPush:
    return WebPush(KEY, "mailto:ops@carrier.example", reach, OutsideCaller(reach, **changes))


def message(browser: Browser, port: int) -> PushMessage:
    to = channel().read(**browser.given(f"http://127.0.0.1:{port}/send/abc"))
    said = json.dumps({"title": "您的线路即将到期", "body": "Shop"}).encode()
    return PushMessage(uuid4(), to, said, kept_s=3600, topic="line-1")


def test_only_the_browser_can_read_it() -> None:
    browser = Browser()
    with server(says(CREATED)) as (port, requests):
        channel().send(message(browser, port))
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert b"Shop" not in requests[0]
    assert browser.reads(body) == {"title": "您的线路即将到期", "body": "Shop"}
    with pytest.raises(http_ece.ECEException):
        Browser().reads(body)
    assert re.search(rb"(?i)content-encoding: aes128gcm", head)
    assert re.search(rb"(?i)ttl: 3600", head)
    assert re.search(rb"(?i)topic: line-1", head)


def test_the_service_can_tell_who_sends() -> None:
    with server(says(CREATED)) as (port, requests):
        channel().send(message(Browser(), port))
    found = re.search(rb"(?i)authorization: (vapid [^\r]+)", requests[0])
    assert found is not None
    authorization = found[1].decode()
    assert Vapid02.verify(authorization)
    assert authorization.endswith(f"k={public_key_of(KEY)}")
    token = authorization.partition("t=")[2].partition(",")[0].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(token + "=="))
    assert claims["aud"] == f"http://127.0.0.1:{port}"
    assert claims["sub"] == "mailto:ops@carrier.example"


def test_its_length_does_not_tell_what_it_says() -> None:
    browser, lengths = Browser(), set()
    with server(says(CREATED)) as (port, requests):
        for said in (b"{}", b'{"body": "' + b"x" * 100 + b'"}'):
            to = message(browser, port).to
            channel().send(PushMessage(uuid4(), to, said, kept_s=0))
        for request in requests:
            lengths.add(len(request.partition(b"\r\n\r\n")[2]))
    assert len(lengths) == 1
    assert BLOCK < lengths.pop() < 2 * BLOCK


@pytest.mark.parametrize("status", [404, 410, 400, 413])
def test_what_will_not_work_later(status: int) -> None:
    answer = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()
    with server(says(answer)) as (port, _), pytest.raises(ChannelRefused) as refused:
        channel().send(message(Browser(), port))
    assert refused.value.code == str(status)


@pytest.mark.parametrize("status", [408, 429, 500, 503, 302])
def test_what_may_work_later(status: int) -> None:
    answer = f"HTTP/1.1 {status} Later\r\nContent-Length: 0\r\n\r\n".encode()
    with server(says(answer)) as (port, _), pytest.raises(ChannelUnavailable):
        channel().send(message(Browser(), port))


def test_a_service_that_hangs() -> None:
    with server(hang) as (port, _), pytest.raises(ChannelUnavailable, match=r"^late$"):
        channel(total_s=0.4).send(message(Browser(), port))


ENDPOINT = "https://push.example/send/abc"
WRONG = {
    "inside": {"endpoint": "https://169.254.169.254/"},
    "http": {"endpoint": "http://push.example/"},
    "no address": {"endpoint": "push"},
    "no point": {"p256dh": "BAAA"},
    "not on the curve": {"p256dh": text(b"\x04" + b"\x01" * 64)},
    "no base64": {"p256dh": "!" * 87},
    "endless": {"p256dh": "A" * 5000},
    "auth too short": {"auth": text(b"short")},
    "auth empty": {"auth": ""},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_what_no_browser_gives_out(wrong: dict[str, str]) -> None:
    with pytest.raises(SubscriptionRefused):
        channel(Reach()).read(**{**Browser().given(ENDPOINT), **wrong})


def test_a_browsers_own_is_taken() -> None:
    given = Browser().given(ENDPOINT)
    assert channel(Reach()).read(**given) == Subscription(**given)
    assert given["auth"] not in repr(Subscription(**given))


@pytest.mark.parametrize("key", ["", "short", "A" * 43, "!" * 43, text(b"\xff" * 32)])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(ValueError, match="no "):
        public_key_of(key)


def test_keys_are_fresh_and_whole() -> None:
    first, second = new_private_key(), new_private_key()
    assert first != second
    assert len(public_key_of(first)) == 87
    assert channel().public_key == public_key_of(KEY)
