"""Signatures: genuine and fresh is believed, everything else is refused with a reason."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from keepline.gateways.payments.port import SignatureRefused
from keepline.gateways.payments.sandbox.signature import Signatures
from tests.gateways.sandbox_process import WEBHOOK_SECRET

OTHER_SECRET = "whsec_b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXIhIQ=="
NOW = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
PAYMENT_ID, ORDER_ID = uuid4(), uuid4()
BODY = json.dumps(
    {
        "type": "payment.captured",
        "timestamp": NOW.isoformat(),
        "data": {"payment_id": str(PAYMENT_ID), "order_id": str(ORDER_ID), "note": "付款"},
    }
).encode()


def signed(body: bytes = BODY, secret: str = WEBHOOK_SECRET, at: datetime = NOW) -> dict[str, str]:
    """The headers a provider with that secret would send."""
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("evt_1", at, body.decode()),
    }


def believe(headers: dict[str, str], body: bytes = BODY, now: datetime = NOW) -> str:
    """The event id, if believed."""
    return Signatures(WEBHOOK_SECRET).event(headers, body, now).event_id


def test_genuine_is_believed_whatever_the_machine_clock_says() -> None:
    event = Signatures(WEBHOOK_SECRET).event(signed(), BODY, NOW)
    assert (event.event_id, event.kind, event.occurred_at) == ("evt_1", "payment.captured", NOW)
    assert (event.payment_id, event.order_id) == (PAYMENT_ID, ORDER_ID)


def test_wrong_key_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="no signature fits"):
        believe(signed(secret=OTHER_SECRET))


def test_one_of_several_signatures_suffices() -> None:
    headers = signed()
    other = signed(secret=OTHER_SECRET)["webhook-signature"]
    headers["webhook-signature"] = f"{other} v1a,nonsense {headers['webhook-signature']}"
    assert believe(headers) == "evt_1"


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_far_timestamp_is_refused(seconds: int) -> None:
    with pytest.raises(SignatureRefused, match="too far from now"):
        believe(signed(at=NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-300, 300])
def test_tolerance_is_five_minutes(seconds: int) -> None:
    assert believe(signed(at=NOW + timedelta(seconds=seconds))) == "evt_1"


def test_timestamp_is_part_of_what_is_signed() -> None:
    headers = signed()
    headers["webhook-timestamp"] = str(int(NOW.timestamp()) + 1)
    with pytest.raises(SignatureRefused):
        believe(headers)


def test_id_is_part_of_what_is_signed() -> None:
    with pytest.raises(SignatureRefused):
        believe({**signed(), "webhook-id": "evt_2"})


@given(position=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_any_changed_bit_is_refused(position: int, bit: int) -> None:
    body = bytearray(BODY)
    body[position] ^= 1 << bit
    with pytest.raises(SignatureRefused):
        believe(signed(), bytes(body))


@given(
    headers=st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "x"]),
        st.text("v1a,=+/AZ09. -\x00é", max_size=40) | st.just(str(int(NOW.timestamp()))),
    ),
    body=st.binary(max_size=200),
)
def test_nothing_but_signature_refused_is_raised(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureRefused):
        believe(headers, body)


@pytest.mark.parametrize(
    "body", [b"null", b"[]", b"{}", b'{"type":"x","data":{"payment_id":"7"}}', b"\xc3\xa9"]
)
def test_signed_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureRefused, match="not one of our events"):
        believe(signed(body), body)
