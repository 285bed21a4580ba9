"""Webhooks of PayPal: genuine ones are believed, everything else is refused with a reason."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepline.gateways.payments.paypal.certificates import (
    A_MINUTE,
    AT_ONCE,
    Certificates,
)
from keepline.gateways.payments.paypal.fake.webhooks import PLACE, Signer
from keepline.gateways.payments.paypal.signature import NOBODY, Signatures
from keepline.gateways.payments.port import ProviderEvent, ProviderUnknown, SignatureRefused

NOW = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
PAYMENT_ID, ORDER_ID, REFUND_ID = uuid4(), uuid4(), uuid4()
WEBHOOK_ID = "1JE4291016473214C"
SIGNER = Signer(WEBHOOK_ID, NOW)
OURS = {"custom_id": str(PAYMENT_ID), "invoice_id": str(ORDER_ID)}


def a_body(kind: str = "PAYMENT.CAPTURE.COMPLETED", resource: object = OURS) -> bytes:
    content = {
        "id": "WH-1",
        "create_time": NOW.isoformat(),
        "event_type": kind,
        "resource": resource,
        "note": "付款",
    }
    return json.dumps(content, ensure_ascii=False).encode()


BODY = a_body()


class Places:
    """Stands for PayPal's certificate folder, and counts who comes."""

    def __init__(self, pem: bytes = SIGNER.pem) -> None:
        self.pem = pem
        self.asked: list[str] = []

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        return self.pem


def believe(
    headers: dict[str, str],
    body: bytes = BODY,
    now: datetime = NOW,
    places: Places | None = None,
    *,
    sandbox: bool = True,
) -> ProviderEvent:
    certificates = Certificates((places or Places()).fetch, sandbox=sandbox)
    return Signatures(WEBHOOK_ID, certificates).event(headers, body, now)


def test_genuine_is_believed() -> None:
    event = believe(SIGNER.headers(BODY, NOW))
    assert event == ProviderEvent("WH-1", "payment.captured", PAYMENT_ID, ORDER_ID, NOW)


def test_a_certificate_is_fetched_once() -> None:
    places = Places()
    signatures = Signatures(WEBHOOK_ID, Certificates(places.fetch, sandbox=True))
    for _ in range(3):
        signatures.event(SIGNER.headers(BODY, NOW), BODY, NOW)
    assert places.asked == [PLACE]


@pytest.mark.parametrize("name", sorted(SIGNER.headers(BODY, NOW).keys() - {"content-type"}))
def test_each_header_is_needed(name: str) -> None:
    headers = SIGNER.headers(BODY, NOW)
    del headers[name]
    with pytest.raises(SignatureRefused):
        believe(headers)


def test_another_key_is_refused() -> None:
    stranger = Signer(WEBHOOK_ID, NOW)
    with pytest.raises(SignatureRefused, match="does not fit"):
        believe(stranger.headers(BODY, NOW))


def test_another_webhook_of_ours_is_refused() -> None:
    other = Signer("8PT597110X687430L", NOW)
    with pytest.raises(SignatureRefused, match="does not fit"):
        believe(other.headers(BODY, NOW), places=Places(other.pem))
    its_own = Signatures(other.webhook_id, Certificates(Places(other.pem).fetch, sandbox=True))
    assert its_own.event(other.headers(BODY, NOW), BODY, NOW).event_id == "WH-1"


@pytest.mark.parametrize("name", ["PAYPAL-TRANSMISSION-ID", "PAYPAL-TRANSMISSION-TIME"])
def test_id_and_time_are_part_of_what_is_signed(name: str) -> None:
    headers = SIGNER.headers(BODY, NOW)
    headers[name] = {**SIGNER.headers(BODY, NOW - timedelta(seconds=1), "other")}[name]
    with pytest.raises(SignatureRefused, match="does not fit"):
        believe(headers)


@settings(deadline=None)
@given(position=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_any_changed_bit_is_refused(position: int, bit: int) -> None:
    body = bytearray(BODY)
    body[position] ^= 1 << bit
    with pytest.raises(SignatureRefused, match="does not fit"):
        believe(SIGNED, bytes(body))


SIGNED = SIGNER.headers(BODY, NOW)


@pytest.mark.parametrize(
    "place",
    [
        "",
        "http://api.sandbox.paypal.com/v1/notifications/certs/CERT-fake",
        "https://paypal.com.example/v1/notifications/certs/CERT-fake",
        "https://sandbox.paypal.com.example/v1/notifications/certs/CERT-fake",
        "https://evilpaypal.com/v1/notifications/certs/CERT-fake",
        "https://evil-sandbox.paypal.com@169.254.169.254/v1/notifications/certs/CERT-fake",
        "https://user@api.sandbox.paypal.com/v1/notifications/certs/CERT-fake",
        "https://api.sandbox.paypal.com:8443/v1/notifications/certs/CERT-fake",
        "https://api.sandbox.paypal.com:x/v1/notifications/certs/CERT-fake",
        "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-fake?to=elsewhere",
        "https://api.sandbox.paypal.com/v1/notifications/certs/../../redirect",
        "https://api.sandbox.paypal.com/v1/notifications/certs/",
        "https://api.sandbox.paypal.com/redirect/CERT-fake",
        "https://api.paypal.com/v1/notifications/certs/CERT-fake",
        "file:///v1/notifications/certs/CERT-fake",
        "https://[/v1/notifications/certs/CERT-fake",
    ],
)
def test_nothing_is_fetched_from_elsewhere(place: str) -> None:
    places = Places()
    with pytest.raises(SignatureRefused, match="not at PayPal"):
        believe({**SIGNED, "PAYPAL-CERT-URL": place}, places=places)
    assert places.asked == []


@pytest.mark.parametrize(
    "place", [PLACE, "https://evilpaypal.com/v1/notifications/certs/CERT-fake"]
)
def test_the_live_system_believes_neither_the_sandbox_nor_a_like_name(place: str) -> None:
    with pytest.raises(SignatureRefused, match="not at PayPal"):
        believe({**SIGNED, "PAYPAL-CERT-URL": place}, sandbox=False)


def test_the_live_system_believes_a_live_place() -> None:
    place = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77"
    event = believe({**SIGNED, "PAYPAL-CERT-URL": place}, sandbox=False)
    assert event.event_id == "WH-1"


@pytest.mark.parametrize("pem", [b"", b"<html>", b"-----BEGIN CERTIFICATE-----\nMII", b"x" * 99999])
def test_a_place_without_a_certificate_is_refused(pem: bytes) -> None:
    with pytest.raises(SignatureRefused, match="certificate"):
        believe(SIGNED, places=Places(pem))


def test_a_certificate_of_another_name_is_refused() -> None:
    other = Signer(WEBHOOK_ID, NOW, "www.example.com")
    with pytest.raises(SignatureRefused, match="not PayPal's"):
        believe(other.headers(BODY, NOW), places=Places(other.pem))


@pytest.mark.parametrize("days", [-365, 365])
def test_a_certificate_out_of_its_time_is_refused(days: int) -> None:
    now = NOW + timedelta(days=days)
    with pytest.raises(SignatureRefused, match="not valid now"):
        believe(SIGNER.headers(BODY, now), now=now)


def test_a_certificate_that_cannot_be_fetched_is_tried_again_at_the_next_delivery() -> None:
    def fetch(_: str) -> bytes:
        if not tried:
            tried.append(1)
            raise OSError("no road")
        return SIGNER.pem

    tried: list[int] = []
    signatures = Signatures(WEBHOOK_ID, Certificates(fetch, sandbox=True))
    with pytest.raises(SignatureRefused, match="cannot be fetched"):
        signatures.event(SIGNED, BODY, NOW)
    assert signatures.event(SIGNED, BODY, NOW).event_id == "WH-1"


@pytest.mark.parametrize("age", [timedelta(days=3, hours=1), timedelta(minutes=-5)])
def test_an_honest_repeat_of_three_days_is_believed(age: timedelta) -> None:
    assert believe(SIGNED, now=NOW + age).event_id == "WH-1"


@pytest.mark.parametrize("age", [timedelta(days=3, hours=1, seconds=1), timedelta(seconds=-301)])
def test_older_or_from_the_future_is_refused(age: timedelta) -> None:
    with pytest.raises(SignatureRefused, match="too far from now"):
        believe(SIGNED, now=NOW + age)


def test_a_replay_is_the_same_event() -> None:
    assert believe(SIGNED) == believe(SIGNED, now=NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("kind", "resource", "told"),
    [
        ("PAYMENT.CAPTURE.DENIED", OURS, "payment.declined"),
        ("PAYMENT.CAPTURE.DECLINED", OURS, "payment.declined"),
        ("PAYMENT.CAPTURE.PENDING", OURS, "PAYMENT.CAPTURE.PENDING"),
        ("CHECKOUT.ORDER.APPROVED", {"purchase_units": [OURS]}, "payment.approved"),
        (
            "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
            {"order_id": "5O1", "purchase_units": [OURS]},
            "payment.expired",
        ),
        (
            "PAYMENT.CAPTURE.REFUNDED",
            {**OURS, "custom_id": f"{PAYMENT_ID}/{REFUND_ID}"},
            "refund.succeeded",
        ),
    ],
)
def test_kinds_are_told_in_the_ports_words(kind: str, resource: object, told: str) -> None:
    body = a_body(kind, resource)
    event = believe(SIGNER.headers(body, NOW), body)
    assert (event.kind, event.payment_id, event.order_id) == (told, PAYMENT_ID, ORDER_ID)


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"dispute_id": "PP-D-1"},
        {"custom_id": "shop-77", "invoice_id": "INV-1"},
        {"purchase_units": []},
        {"purchase_units": [{}]},
    ],
)
def test_an_event_of_something_else_is_taken_and_names_nobody(resource: object) -> None:
    body = a_body("PAYMENT-NETWORKS.ALTERNATIVE-PAYMENT.COMPLETED", resource)
    event = believe(SIGNER.headers(body, NOW), body)
    assert (event.payment_id, event.order_id) == (NOBODY, None)
    assert len(event.kind) == 40, "as long as an event's kind is kept"


@pytest.mark.parametrize(
    "body", [b"null", b"[]", b"{}", b'{"id":1,"event_type":"x","resource":7}', b"\xff\xfe"]
)
def test_signed_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureRefused, match="not one of PayPal's"):
        believe(SIGNER.headers(body, NOW), body)


def test_a_stranger_who_names_many_places_makes_us_ask_for_few() -> None:
    places = Places(b"")
    signatures = Signatures(WEBHOOK_ID, Certificates(places.fetch, sandbox=True))
    answers: list[type[Exception]] = []
    for number in range(A_MINUTE + 5):
        place = f"{PLACE}-{number}"
        with pytest.raises((SignatureRefused, ProviderUnknown)) as caught:
            signatures.event({**SIGNED, "PAYPAL-CERT-URL": place}, BODY, NOW)
        answers.append(caught.type)
    assert answers == [SignatureRefused] * A_MINUTE + [ProviderUnknown] * 5
    assert len(places.asked) == A_MINUTE
    places.pem = SIGNER.pem
    later = NOW + timedelta(minutes=1)
    assert signatures.event(SIGNED, BODY, later).event_id == "WH-1"


def test_a_place_that_hangs_holds_two_threads_and_no_more() -> None:
    inside, go = threading.Semaphore(0), threading.Event()

    def fetch(_: str) -> bytes:
        inside.release()
        assert go.wait(20)
        return SIGNER.pem

    signatures = Signatures(WEBHOOK_ID, Certificates(fetch, sandbox=True))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [pool.submit(signatures.event, SIGNED, BODY, NOW) for _ in range(AT_ONCE)]
        assert all(inside.acquire(timeout=20) for _ in waiting)
        with pytest.raises(ProviderUnknown):
            signatures.event(SIGNED, BODY, NOW)
        go.set()
    assert {each.result().event_id for each in waiting} == {"WH-1"}


NAMES = [name for name in SIGNED if name.startswith("PAYPAL")]


@settings(deadline=None)
@given(
    headers=st.dictionaries(
        st.sampled_from(NAMES), st.text(max_size=40) | st.sampled_from(sorted(SIGNED.values()))
    ),
    body=st.binary(max_size=200),
)
def test_nothing_but_signature_refused_is_raised(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureRefused):
        believe({**SIGNED, **headers}, body)
