"""Stripe's webhooks: genuine and fresh is believed, everything else is refused with a reason."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.gateways.payments.port import ProviderEvent, SignatureRefused
from keepline.gateways.payments.stripe.adapter import StripePayments

SECRET, OTHER_SECRET = "whsec_one", "whsec_of_another_account"
NOW = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
PAYMENT_ID, ORDER_ID = uuid4(), uuid4()
OURS = {"payment_id": str(PAYMENT_ID), "order_id": str(ORDER_ID)}
CHARGED = {**OURS, "charge": "stored"}
ADAPTER = StripePayments("sk_test_nowhere", SECRET, 1)


def body_of(kind: str = "checkout.session.completed", **about: Any) -> bytes:
    """An event as Stripe writes it; `about` differs from a paid session of ours."""
    session = {"object": "checkout.session", "metadata": OURS, "payment_status": "paid"}
    content = {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": int(NOW.timestamp()),
        "data": {"object": {**session, "note": "付款", **about}},
    }
    return json.dumps(content, ensure_ascii=False).encode()


BODY = body_of()


def v1(body: bytes = BODY, secret: str = SECRET, at: datetime = NOW) -> str:
    """The signature, made without Stripe's library."""
    message = f"{int(at.timestamp())}.".encode() + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def signed(body: bytes = BODY, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    """The headers that an endpoint with that secret would get."""
    return {"Stripe-Signature": f"t={int(at.timestamp())},v1={v1(body, secret, at)},v0=old"}


def believed(headers: dict[str, str], body: bytes = BODY, now: datetime = NOW) -> ProviderEvent:
    return ADAPTER.verify_webhook(headers, body, now)


def kind_of(kind: str, **about: Any) -> str:
    body = body_of(kind, **about)
    return believed(signed(body), body).kind


def test_genuine_is_believed_whatever_the_machine_clock_says() -> None:
    event = believed(signed())
    assert (event.event_id, event.kind, event.occurred_at) == ("evt_1", "payment.captured", NOW)
    assert (event.payment_id, event.order_id) == (PAYMENT_ID, ORDER_ID)


def test_wrong_key_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="no signature fits"):
        believed(signed(secret="whsec_two"))


def test_right_signature_of_another_account_is_refused() -> None:
    body = body_of(account="acct_theirs")
    with pytest.raises(SignatureRefused, match="no signature fits"):
        believed(signed(body, OTHER_SECRET), body)


def test_one_of_two_signatures_suffices() -> None:
    header = f"t={int(NOW.timestamp())},v1={v1(secret=OTHER_SECRET)},v1={v1()}"
    assert believed({"Stripe-Signature": header}).event_id == "evt_1"


def test_header_case_is_ignored() -> None:
    (value,) = signed().values()
    for name in ("stripe-signature", "STRIPE-SIGNATURE"):
        assert believed({name: value}) == believed(signed())


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 86_400])
def test_far_timestamp_is_refused_in_both_directions(seconds: int) -> None:
    with pytest.raises(SignatureRefused, match="too far from now"):
        believed(signed(at=NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-300, 300])
def test_tolerance_is_five_minutes(seconds: int) -> None:
    assert believed(signed(at=NOW + timedelta(seconds=seconds))).event_id == "evt_1"


def test_timestamp_is_part_of_what_is_signed() -> None:
    with pytest.raises(SignatureRefused, match="no signature fits"):
        believed({"Stripe-Signature": f"t={int(NOW.timestamp()) + 1},v1={v1()}"})


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_second_timestamp_does_not_make_it_fresh(order: tuple[int, int]) -> None:
    old = NOW - timedelta(days=1)
    times = [int(NOW.timestamp()), int(old.timestamp())]
    header = f"t={times[order[0]]},t={times[order[1]]},v1={v1(at=old)}"
    with pytest.raises(SignatureRefused):
        believed({"Stripe-Signature": header})


@given(position=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_any_changed_bit_is_refused(position: int, bit: int) -> None:
    body = bytearray(BODY)
    body[position] ^= 1 << bit
    with pytest.raises(SignatureRefused):
        believed(signed(), bytes(body))


T = int(NOW.timestamp())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Stripe-Signature": ""},
        {"Stripe-Signature": "nonsense"},
        {"Stripe-Signature": f"t={T}"},
        {"Stripe-Signature": f"v1={v1()}"},
        {"Stripe-Signature": f"t={T},v0={v1()}"},
        {"Stripe-Signature": f"t=+{T},v1={v1()}"},
        {"Stripe-Signature": f"t=1e9,v1={v1()}"},
        {"Stripe-Signature": f"t={'9' * 5000},v1={v1()}"},
        {"Stripe-Signature": f"t={T},v1"},
        {"Stripe-Signature": f"t={T},v1=付款"},
    ],
)
def test_odd_headers_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(SignatureRefused):
        believed(headers)


@given(header=st.text(max_size=60), body=st.binary(max_size=60))
def test_only_the_ports_error_comes_out(header: str, body: bytes) -> None:
    for value in (header, f"t={T},v1={header}", f"t={header},v1={v1(body)}"):
        with pytest.raises(SignatureRefused):
            believed({"Stripe-Signature": value}, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[1]",
        b'{"id":"evt_1","type":"x","created":"soon","data":{"object":{}}}',
        b'{"id":"evt_1","type":"x","created":1e300,"data":{"object":{}}}',
        b'{"id":"evt_1","type":"x","created":1,"data":{"object":null}}',
        b"\xff\xfe",
        b" " * 300_000,
    ],
)
def test_signed_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureRefused):
        believed(signed(body), body)


@pytest.mark.parametrize(
    ("kind", "about", "ours"),
    [
        ("checkout.session.completed", {}, "payment.captured"),
        ("checkout.session.completed", {"payment_status": "unpaid"}, "checkout.session.completed"),
        ("checkout.session.async_payment_succeeded", {}, "payment.captured"),
        ("checkout.session.async_payment_failed", {}, "payment.declined"),
        ("checkout.session.expired", {}, "payment.expired"),
        ("refund.created", {"status": "pending"}, "refund.created"),
        ("refund.created", {"status": "succeeded"}, "refund.succeeded"),
        ("refund.updated", {"status": "succeeded"}, "refund.succeeded"),
        ("charge.refund.updated", {"status": "succeeded"}, "refund.succeeded"),
        ("charge.refund.updated", {"status": "canceled"}, "refund.refused"),
        ("refund.failed", {"status": "failed"}, "refund.refused"),
        ("payment_intent.payment_failed", {}, "payment_intent.payment_failed"),
        ("payment_intent.succeeded", {}, "payment_intent.succeeded"),
        ("payment_intent.succeeded", {"metadata": CHARGED}, "payment.captured"),
        ("payment_intent.payment_failed", {"metadata": CHARGED}, "payment.declined"),
        ("charge.dispute.created", {}, "dispute.opened"),
        ("charge.dispute.updated", {}, "dispute.opened"),
        ("charge.dispute.closed", {}, "dispute.closed"),
        ("charge.dispute.funds_withdrawn", {}, "charge.dispute.funds_withdrawn"),
    ],
)
def test_kinds_are_the_ports_or_stay_stripes(kind: str, about: dict[str, Any], ours: str) -> None:
    assert kind_of(kind, **about) == ours


def test_a_long_kind_is_cut_to_what_can_be_stored() -> None:
    kind = "customer.subscription.pending_update_applied"
    assert kind_of(kind) == kind[:40]


@pytest.mark.parametrize("metadata", [{}, None, {"payment_id": "order 7"}, {"payment_id": 7}, "x"])
def test_somebody_elses_object_is_about_no_payment(metadata: object) -> None:
    body = body_of(metadata=metadata)
    event = believed(signed(body), body)
    assert (event.payment_id, event.order_id) == (UUID(int=0), None)
