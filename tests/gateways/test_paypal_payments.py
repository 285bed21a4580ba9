"""What becomes of orders, captures and refunds when things go wrong half-way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from keepline.gateways.payments.paypal.adapter import PayPalPayments
from keepline.gateways.payments.paypal.bodies import order_body
from keepline.gateways.payments.paypal.books import listed
from keepline.gateways.payments.paypal.reading import Json, read_order
from keepline.gateways.payments.port import PaymentRequest, ProviderRefused, ProviderUnknown
from tests.gateways.contract_payments import a_refund, a_request
from tests.gateways.paypal_process import PayPalProcess, paypal_process

NOW = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
PAYMENT_ID = uuid4()


@pytest.fixture(scope="module")
def paypal() -> Iterator[PayPalProcess]:
    with paypal_process() as process:
        yield process


def opened(adapter: PayPalPayments) -> tuple[PaymentRequest, str]:
    request = a_request()
    return request, adapter.open_payment(request).provider_payment_id


def test_an_opening_whose_answer_was_lost_is_one_order(paypal: PayPalProcess) -> None:
    adapter, request = paypal.adapter(), a_request()
    paypal.fails_once("/v2/checkout/orders", "lose")
    with pytest.raises(ProviderUnknown):
        adapter.open_payment(request)
    first = paypal.order(request.payment_id)["id"]
    again = replace(request, holder_language="zh-Hans", return_url="http://localhost:9/other")
    assert adapter.open_payment(again).provider_payment_id == first


def test_what_is_sent_is_what_paypal_documents(paypal: PayPalProcess) -> None:
    request, _ = opened(paypal.adapter())
    order = paypal.order(request.payment_id)
    unit = order["purchase_units"][0]
    assert (unit["custom_id"], unit["invoice_id"]) == (
        str(request.payment_id),
        str(request.order_id),
    )
    assert unit["amount"] == {"value": "19.99", "currency_code": "EUR"}
    body = order_body(replace(request, holder_language="zh-Hans"))
    assert body["payment_source"]["paypal"]["experience_context"] == {
        "return_url": request.return_url,
        "cancel_url": request.cancel_url,
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
        "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
        "locale": "zh-CN",
    }


def test_a_capture_whose_answer_was_lost_takes_the_money_once(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.approves(request.payment_id)
    paypal.fails_once("/capture", "lose")
    with pytest.raises(ProviderUnknown):
        adapter.ask(request.payment_id, order_id)
    status = adapter.ask(request.payment_id, order_id)
    assert (status.status, status.captured_minor) == ("captured", 1999)
    assert len(paypal.webhooks(request.payment_id, "PAYMENT.CAPTURE.COMPLETED")) == 1


def test_two_who_ask_at_once_capture_once(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.approves(request.payment_id)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(adapter.ask, request.payment_id, order_id) for _ in range(4)]
        assert {one.result().status for one in asked} == {"captured"}
    assert len(paypal.webhooks(request.payment_id, "PAYMENT.CAPTURE.COMPLETED")) == 1


def test_a_declined_instrument_leaves_the_checkout_open(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.approves(request.payment_id, "INSTRUMENT_DECLINED")
    status = adapter.ask(request.payment_id, order_id)
    assert status.status == "pending"
    assert status.checkout_url.endswith(f"checkoutnow?token={order_id}")
    paypal.approves(request.payment_id)
    assert adapter.ask(request.payment_id, order_id).status == "captured"


def test_a_refused_capture_is_declined_for_good(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.approves(request.payment_id, "TRANSACTION_REFUSED")
    for _ in range(2):
        status = adapter.ask(request.payment_id, order_id)
        assert (status.status, status.decline_code) == ("declined", "TRANSACTION_REFUSED")
    paypal.approves(request.payment_id)  # an old page may still be open
    assert adapter.ask(request.payment_id, order_id).status == "declined"


def test_a_refusal_nobody_knows_is_asked_about_again(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.approves(request.payment_id, "SOMETHING_NEW")
    with pytest.raises(ProviderUnknown, match="SOMETHING_NEW"):
        adapter.ask(request.payment_id, order_id)
    assert adapter.cancel(request.payment_id, order_id).status == "expired"


def test_a_capture_in_review_is_pending_until_it_ends(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.approves(request.payment_id, "PENDING")
    assert adapter.ask(request.payment_id, order_id).status == "pending"
    assert adapter.cancel(request.payment_id, order_id).status == "pending"
    paypal.control("settle", payment_id=str(request.payment_id), status="COMPLETED")
    assert adapter.ask(request.payment_id, order_id).captured_minor == 1999


def test_what_was_approved_after_the_closing_is_never_captured(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    assert adapter.cancel(request.payment_id, order_id).status == "expired"
    paypal.approves(request.payment_id)
    assert adapter.ask(request.payment_id, order_id).status == "expired"
    assert adapter.cancel(request.payment_id, order_id).status == "expired"
    assert paypal.webhooks(request.payment_id, "PAYMENT.CAPTURE.COMPLETED") == []


def test_a_capture_on_its_way_when_the_order_is_closed_takes_nothing(
    paypal: PayPalProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking, closing = paypal.adapter(), paypal.adapter()
    request, order_id = opened(asking)
    paypal.approves(request.payment_id)
    capture = asking._api.capture_order

    def closed_just_before(order: str, key: str) -> object:
        assert closing.cancel(request.payment_id, order_id).status == "expired"
        return capture(order, key)

    monkeypatch.setattr(asking._api, "capture_order", closed_just_before)
    assert asking.ask(request.payment_id, order_id).status == "expired"
    assert "payments" not in paypal.order(request.payment_id)["purchase_units"][0]


def test_an_order_captured_just_before_the_closing_is_told(
    paypal: PayPalProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking, closing = paypal.adapter(), paypal.adapter()
    request, order_id = opened(closing)
    paypal.approves(request.payment_id)
    patch = closing._api.patch_order

    def captured_just_before(order: str, changes: list[dict[str, object]]) -> None:
        assert asking.ask(request.payment_id, order_id).status == "captured"
        patch(order, changes)

    monkeypatch.setattr(closing._api, "patch_order", captured_just_before)
    assert closing.cancel(request.payment_id, order_id).status == "captured"


@pytest.mark.parametrize("status", [400, 422, 500])
def test_an_order_that_paypal_does_not_close_is_not_called_closed(
    paypal: PayPalProcess, status: int
) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.fails_once(order_id, "answer", method="PATCH", status=status, text="{}")
    with pytest.raises(ProviderUnknown):
        adapter.cancel(request.payment_id, order_id)
    assert adapter.ask(request.payment_id, order_id).status == "pending"
    assert adapter.cancel(request.payment_id, order_id).status == "expired"


def test_a_forgotten_order_is_expired_and_its_refund_refused(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.control("forget", payment_id=str(request.payment_id))
    assert adapter.ask(request.payment_id, order_id).status == "expired"
    assert adapter.cancel(request.payment_id, order_id).status == "expired"
    with pytest.raises(ProviderRefused) as refusal:
        adapter.refund(a_refund(request, order_id, 1))
    assert refusal.value.code == "INVALID_RESOURCE_ID"


def test_another_payments_order_is_not_believed(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    _, order_id = opened(adapter)
    stranger = uuid4()
    for call in (adapter.ask, adapter.cancel):
        with pytest.raises(ProviderUnknown, match="another payment"):
            call(stranger, order_id)
    with pytest.raises(ProviderRefused, match="another payment"):
        adapter.refund(a_refund(a_request(), order_id, 1))


def test_a_refund_whose_answer_was_lost_is_paid_once(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.approves(request.payment_id)
    adapter.ask(request.payment_id, order_id)
    refund = a_refund(request, order_id, 500)
    paypal.fails_once("/refund", "lose")
    with pytest.raises(ProviderUnknown):
        adapter.refund(refund)
    assert adapter.refund(refund).status == "refunded"
    assert adapter.ask(request.payment_id, order_id).refunded_minor == 500


def test_one_refund_asked_for_four_times_at_once_is_paid_once(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.approves(request.payment_id)
    adapter.ask(request.payment_id, order_id)
    refund = a_refund(request, order_id, 500)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(adapter.refund, refund) for _ in range(4)]
        assert {one.result().status for one in asked} == {"refunded"}
    assert adapter.ask(request.payment_id, order_id).refunded_minor == 500


@pytest.mark.parametrize("status", [403, 422])
def test_a_no_to_the_refund_itself(paypal: PayPalProcess, status: int) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.approves(request.payment_id)
    adapter.ask(request.payment_id, order_id)
    no = '{"name":"N","details":[{"issue":"PERMISSION_DENIED"}]}'
    paypal.fails_once("/refund", "answer", status=status, text=no)
    if status == 422:
        found = adapter.refund(a_refund(request, order_id, 500))
        assert (found.status, found.code) == ("refused", "PERMISSION_DENIED")
    else:
        with pytest.raises(ProviderRefused, match="PERMISSION_DENIED"):
            adapter.refund(a_refund(request, order_id, 500))


def test_a_refund_that_an_earlier_try_paid_is_not_called_refused(
    paypal: PayPalProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    paypal.approves(request.payment_id)
    adapter.ask(request.payment_id, order_id)
    refund, pay = a_refund(request, order_id, 1999), adapter._api.refund_capture

    def paid_and_its_key_forgotten(capture: str, body: dict[str, object], key: str) -> object:
        pay(capture, body, key)
        return pay(capture, body, "another key")

    monkeypatch.setattr(adapter._api, "refund_capture", paid_and_its_key_forgotten)
    assert adapter.refund(refund).status == "refunded"


def test_refused_refunds_name_paypals_reason(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    request, order_id = opened(adapter)
    assert adapter.refund(a_refund(request, order_id, 1)).code == "not_captured"
    paypal.approves(request.payment_id)
    adapter.ask(request.payment_id, order_id)
    assert adapter.refund(a_refund(request, order_id, 2000)).code == "REFUND_AMOUNT_EXCEEDED"
    assert adapter.refund(a_refund(request, order_id, 1999)).status == "refunded"
    assert adapter.refund(a_refund(request, order_id, 1)).code == "CAPTURE_FULLY_REFUNDED"
    status = adapter.ask(request.payment_id, order_id)
    assert (status.status, status.refunded_minor) == ("captured", 1999)


def test_refunds_stand_in_the_list(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    before = datetime.now(UTC)
    request, order_id = opened(adapter)
    paypal.approves(request.payment_id)
    adapter.ask(request.payment_id, order_id)
    for amount in (500, 300):
        adapter.refund(a_refund(request, order_id, amount))
    rows = adapter.list_payments(before, datetime.now(UTC) + timedelta(seconds=1))
    (found,) = [row.status for row in rows if row.payment_id == request.payment_id]
    assert (found.captured_minor, found.refunded_minor) == (1999, 800)
    assert found.provider_payment_id == order_id


def test_long_spans_are_searched_in_parts_without_a_gap(
    paypal: PayPalProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter, parts = paypal.adapter(), list[tuple[str, str]]()
    search = adapter._api.transactions

    def noted(start: str, end: str, page: int) -> dict[str, object]:
        parts.append((start, end))
        return search(start, end, page)

    monkeypatch.setattr(adapter._api, "transactions", noted)
    adapter.list_payments(NOW, NOW + timedelta(days=63))
    assert [start for start, _ in parts][1:] == [end for _, end in parts][:-1]
    assert parts[0][0] == "2027-03-28T01:30:00.000Z"
    assert parts[-1][1] == "2027-05-30T01:30:00.000Z"


def test_a_span_with_too_many_rows_is_halved(paypal: PayPalProcess) -> None:
    adapter = paypal.adapter()
    before = datetime.now(UTC)
    request, order_id = opened(adapter)
    paypal.approves(request.payment_id)
    adapter.ask(request.payment_id, order_id)
    full = '{"name":"INVALID_REQUEST","details":[{"issue":"RESULTSET_TOO_LARGE"}]}'
    paypal.fails_once("/transactions", "answer", status=400, text=full)
    rows = adapter.list_payments(before, datetime.now(UTC) + timedelta(minutes=1))
    assert request.payment_id in {row.payment_id for row in rows}


def test_a_search_that_repeats_itself_and_strangers_rows_count_once() -> None:
    info = {
        "transaction_id": "C1",
        "transaction_event_code": "T0006",
        "transaction_initiation_date": "2027-03-28T01:30:00+0000",
        "transaction_amount": {"currency_code": "EUR", "value": "19.99"},
        "transaction_status": "S",
        "custom_field": str(PAYMENT_ID),
    }
    refund = {
        **info,
        "transaction_id": "R1",
        "paypal_reference_id": "C1",
        "transaction_event_code": "T1107",
        "transaction_amount": {"currency_code": "EUR", "value": "-5.00"},
    }
    stranger = {**info, "custom_field": "shop-7"}
    rows = [{"transaction_info": one} for one in (info, refund, stranger, info, refund)]
    (row,) = listed(rows, NOW, NOW + timedelta(seconds=1))
    assert (row.opened_at, row.status.refunded_minor) == (NOW, 500)
    assert listed(rows, NOW + timedelta(seconds=1), NOW + timedelta(days=1)) == []
    assert listed(rows, NOW - timedelta(days=1), NOW) == []


@pytest.mark.parametrize("status", ["D", "V"])
def test_a_refund_that_nobody_took_is_not_in_the_list(status: str) -> None:
    info = {
        "transaction_id": "C1",
        "transaction_event_code": "T0006",
        "transaction_initiation_date": "2027-03-28T01:30:00+0000",
        "transaction_amount": {"currency_code": "EUR", "value": "19.99"},
        "transaction_status": "S",
        "custom_field": str(PAYMENT_ID),
    }
    refund = {
        **info,
        "transaction_id": "R1",
        "paypal_reference_id": "C1",
        "transaction_event_code": "T1107",
        "transaction_status": status,
    }
    rows = [{"transaction_info": one} for one in (info, refund)]
    (row,) = listed(rows, NOW, NOW + timedelta(seconds=1))
    assert row.status.refunded_minor == 0


def test_a_capture_that_took_the_money_counts_before_later_ones() -> None:
    unit = an_order([a_part("COMPLETED"), a_part("DECLINED")], [])
    assert read_order(unit).status == "captured"


@pytest.mark.parametrize(
    ("state", "told", "code"),
    [
        ("PENDING", "pending", ""),
        ("FAILED", "refused", "ECHECK"),
        ("CANCELLED", "refused", "ECHECK"),
    ],
)
def test_only_money_that_went_back_is_refunded(state: str, told: str, code: str) -> None:
    refund_id = uuid4()
    refund = {
        **a_part(state),
        "custom_id": f"{PAYMENT_ID}/{refund_id}",
        "status_details": {"reason": "ECHECK"},
    }
    by_hand = {**a_part("COMPLETED"), "amount": {"currency_code": "EUR", "value": "1.00"}}
    status = read_order(an_order([a_part("PARTIALLY_REFUNDED")], [refund, by_hand]))
    assert (status.status, status.refunded_minor) == ("captured", 100)
    assert list(status.refunds) == [refund_id]
    assert (status.refunds[refund_id].status, status.refunds[refund_id].code) == (told, code)


def a_part(state: str) -> Json:
    """A capture or a refund of 19.99 EUR."""
    return {"id": "P1", "status": state, "amount": {"currency_code": "EUR", "value": "19.99"}}


def an_order(captures: list[Json], refunds: list[Json]) -> Json:
    return {
        "id": "O1",
        "status": "COMPLETED",
        "intent": "CAPTURE",
        "purchase_units": [
            {
                "custom_id": str(PAYMENT_ID),
                "amount": {"currency_code": "EUR", "value": "19.99"},
                "payments": {"captures": captures, "refunds": refunds},
            }
        ],
    }
