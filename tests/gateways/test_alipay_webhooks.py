"""Notifications of Alipay: genuine, ours and of these days, or not believed."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.gateways.payments.alipay.adapter import AlipayPayments
from keepline.gateways.payments.alipay.fake.signing import Signing
from keepline.gateways.payments.port import ProviderEvent, SignatureRefused
from tests.gateways.alipay_process import APP_ID, a_key, private_pem, public_pem

APP, ALIPAY, STRANGER = a_key(), a_key(), a_key()
SELLER = "2088102146225135"
HEADERS = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
NOW = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
PAYMENT_ID, ORDER_ID = uuid4(), uuid4()
FIELDS = {
    "notify_id": "2027032800222093032018031422551234",
    "notify_time": "2027-03-28 09:30:00",
    "notify_type": "trade_status_sync",
    "out_trade_no": PAYMENT_ID.hex,
    "passback_params": ORDER_ID.hex,
    "seller_id": SELLER,
    "subject": "日本 10 GB & more",
    "total_amount": "19.99",
    "trade_status": "TRADE_SUCCESS",
}
ADAPTER = AlipayPayments(
    APP_ID, private_pem(APP), public_pem(ALIPAY), "https://x.test/", 1, seller_id=SELLER
)


def signed(key: object = ALIPAY, app_id: str = APP_ID, **changed: str) -> bytes:
    """A notification as the owner of that key would send it."""
    own = private_pem(key).encode()  # type: ignore[arg-type]
    return Signing(own, public_pem(APP).encode(), app_id).notification({**FIELDS, **changed})


def believe(body: bytes, now: datetime = NOW) -> ProviderEvent:
    return ADAPTER.verify_webhook(HEADERS, body, now)


BODY = signed()


def test_genuine_is_believed_and_read_in_chinas_time() -> None:
    event = believe(BODY)
    assert (event.event_id, event.kind) == (FIELDS["notify_id"], "payment.captured")
    assert (event.payment_id, event.order_id) == (PAYMENT_ID, ORDER_ID)
    assert event.occurred_at == NOW


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"trade_status": "TRADE_FINISHED"}, "payment.captured"),
        ({"trade_status": "TRADE_CLOSED"}, "payment.expired"),
        ({"trade_status": "TRADE_CLOSED", "gmt_refund": "2027-03-28 09:29:59"}, "refund.succeeded"),
        ({"trade_status": "WAIT_BUYER_PAY"}, "WAIT_BUYER_PAY"),
    ],
)
def test_kinds(fields: dict[str, str], kind: str) -> None:
    assert believe(signed(**fields)).kind == kind


def test_wrong_key_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="does not fit"):
        believe(signed(STRANGER))


def test_another_applications_right_signature_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="another application"):
        believe(signed(app_id="2021000000000001"))


def test_another_sellers_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="another seller"):
        believe(signed(seller_id="2088000000000000"))


@pytest.mark.parametrize("name", [*FIELDS, "app_id", "charset", "version", "sign", "sign_type"])
def test_every_field_is_part_of_what_is_signed(name: str) -> None:
    form = dict(parse_qsl(BODY.decode()))
    with pytest.raises(SignatureRefused):
        believe(urlencode({**form, name: f"{form[name]}1"}).encode())
    del form[name]
    with pytest.raises(SignatureRefused):
        believe(urlencode(form).encode())


def test_an_added_field_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="does not fit"):
        believe(BODY + b"&gmt_refund=2027-03-28+09%3A30%3A00")


def test_a_second_value_beside_the_signed_one_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="twice"):
        believe(BODY + b"&out_trade_no=" + uuid4().hex.encode())


def test_empty_fields_are_signed_too() -> None:
    assert believe(signed(body="")).event_id == FIELDS["notify_id"]


def test_a_replay_is_the_same_event_for_26_hours() -> None:
    first = believe(BODY)
    assert believe(BODY, NOW + timedelta(hours=26)) == first
    for late in (timedelta(hours=26, seconds=1), -timedelta(minutes=5, seconds=1)):
        with pytest.raises(SignatureRefused, match="too far from now"):
            believe(BODY, NOW + late)


def test_only_forms() -> None:
    for headers in ({}, {"content-type": "application/json"}):
        with pytest.raises(SignatureRefused, match="not a form"):
            ADAPTER.verify_webhook(headers, BODY, NOW)


@given(position=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_any_changed_bit_is_refused_or_means_the_same(position: int, bit: int) -> None:
    body = bytearray(BODY)
    body[position] ^= 1 << bit
    try:
        event = believe(bytes(body))
    except SignatureRefused:
        return
    # The hex digits of an escaped byte may be written large or small.
    assert parse_qsl(bytes(body).decode()) == parse_qsl(BODY.decode())
    assert event == believe(BODY)


@given(st.binary(max_size=200))
def test_nothing_but_signature_refused_is_raised(body: bytes) -> None:
    with pytest.raises(SignatureRefused):
        believe(body)


@pytest.mark.parametrize(
    "fields",
    [{"out_trade_no": "7"}, {"notify_time": "yesterday"}, {"passback_params": "x"}],
)
def test_signed_nonsense_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(SignatureRefused, match="not one of our"):
        believe(signed(**fields))


def test_an_order_may_be_missing() -> None:
    form = {**FIELDS}
    del form["passback_params"]
    own = private_pem(ALIPAY).encode()
    body = Signing(own, public_pem(APP).encode(), APP_ID).notification(form)
    event = believe(body)
    assert event.order_id is None
    assert event.payment_id == UUID(FIELDS["out_trade_no"])
