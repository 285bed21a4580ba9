"""Events to programs of others: signed so that the standard's own library believes them."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from socket import socket
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from keepline.gateways.messaging.port import ChannelRefused, ChannelUnavailable
from keepline.gateways.messaging.webhooks import SigningSecret, StandardWebhooks, WebhookMessage
from keepline.gateways.outside.calling import OutsideCaller
from keepline.gateways.outside.places import PlaceRefused, Reach
from tests.gateways.outer_world import OK, hang, says, server

NEW, OLD, OTHER = (f"whsec_{letter * 43}=" for letter in "ABC")
BODY = json.dumps({"type": "line.renewed", "data": {"名": "值"}}, ensure_ascii=False).encode()


def channel(**changes: Any) -> StandardWebhooks:
    return StandardWebhooks(OutsideCaller(Reach(loopback=True), **changes))


def message(port: int, *secrets: str) -> WebhookMessage:
    url = f"http://127.0.0.1:{port}/hook?tenant=7"
    signing = [SigningSecret(secret) for secret in secrets or (NEW,)]
    return WebhookMessage("0197-event", url, BODY, signing)


def heard(request: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    parsed = BytesParser().parsebytes(head.partition(b"\r\n")[2])
    return {name.lower(): value for name, value in parsed.items()}, body


def test_the_standards_own_library_believes_it() -> None:
    with server(says(OK)) as (port, requests):
        assert channel().send(message(port)).reference == "0197-event"
    headers, body = heard(requests[0])
    assert Webhook(NEW).verify(body, headers) == json.loads(BODY)
    assert headers["webhook-id"] == "0197-event"
    assert headers["content-type"].startswith("application/cloudevents+json")
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(body.replace(b"renewed", b"closed.."), headers)


def test_while_secrets_overlap_both_believe_it() -> None:
    with server(says(OK)) as (port, requests):
        channel().send(message(port, NEW, OLD))
    headers, body = heard(requests[0])
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(body, headers)


def test_a_secret_whose_overlap_is_over_signs_nothing() -> None:
    now = datetime.now(UTC)
    secrets = [
        SigningSecret(NEW),
        SigningSecret(OLD, now + timedelta(minutes=1)),
        SigningSecret(OTHER, now - timedelta(seconds=1)),
    ]
    with server(says(OK)) as (port, requests):
        channel().send(WebhookMessage("0197", f"http://127.0.0.1:{port}/", BODY, secrets))
    headers, body = heard(requests[0])
    assert Webhook(OLD).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(body, headers)


STATUSES = {
    200: None,
    204: None,
    301: ChannelUnavailable,
    302: ChannelUnavailable,
    400: ChannelUnavailable,
    404: ChannelUnavailable,
    410: ChannelRefused,
    429: ChannelUnavailable,
    500: ChannelUnavailable,
    503: ChannelUnavailable,
}


@pytest.mark.parametrize(("status", "error"), STATUSES.items())
def test_what_answers_mean(status: int, error: type[Exception] | None) -> None:
    head = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 6"
    answer = f"{head}\r\n\r\nsecret"
    with server(says(answer.encode())) as (port, _):
        if error is None:
            channel().send(message(port))
            return
        with pytest.raises(error) as raised:
            channel().send(message(port))
    assert str(status) in str(raised.value)
    assert "secret" not in str(raised.value), "what others write is shown to nobody"


Peer = Callable[[socket], None]
SILENCES: dict[str, Peer] = {"late": hang, "cut": lambda connection: None}


@pytest.mark.parametrize(("code", "peer"), SILENCES.items())
def test_who_gives_no_answer(code: str, peer: Peer) -> None:
    world: AbstractContextManager[tuple[int, list[bytes]]] = server(peer)
    with world as (port, _), pytest.raises(ChannelUnavailable, match=f"^{code}$"):
        channel(total_s=0.4).send(message(port))


def test_without_a_secret_nothing_is_sent() -> None:
    with server(says(OK)) as (port, requests):
        unsigned = WebhookMessage("0197-event", f"http://127.0.0.1:{port}/", BODY, ())
        with pytest.raises(ChannelUnavailable, match=r"^unsigned$"):
            channel().send(unsigned)
    assert requests == []


def test_an_address_that_was_kept_is_looked_at_again() -> None:
    strict = StandardWebhooks(OutsideCaller(Reach()))
    kept = WebhookMessage("0197-event", "https://127.0.0.1/", BODY, [SigningSecret(NEW)])
    with pytest.raises(ChannelUnavailable, match=r"^inside$"):
        strict.send(kept)
    with pytest.raises(PlaceRefused):
        strict.address_of("https://127.0.0.1/")


def test_nothing_of_it_is_in_its_repr() -> None:
    shown = repr(message(8123))
    assert all(part not in shown for part in (NEW, "tenant", "renewed"))
