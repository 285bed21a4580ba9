"""Alipay's daily bill: what reconciliation is told, on which day, and what it is not told."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from keepline.gateways.payments.alipay.bill import HEADING, _details
from keepline.gateways.payments.port import PaymentRequest
from tests.gateways.alipay_process import AlipayProcess, alipay_process
from tests.gateways.contract_payments import a_refund, a_request
from tests.gateways.inbox import Inbox

DAYS = 2
SPAN = timedelta(hours=2)


@pytest.fixture(scope="module")
def alipay(
    tmp_path_factory: pytest.TempPathFactory, shared_inbox: Inbox
) -> Iterator[AlipayProcess]:
    folder = tmp_path_factory.mktemp("alipay")
    with alipay_process(folder, f"{shared_inbox.url}/hook") as process:
        yield process


def paid(alipay: AlipayProcess, amount_minor: int) -> PaymentRequest:
    provider, request = alipay.adapter(), a_request(amount_minor, "CNY")
    provider.open_payment(request)
    alipay.pay(provider, request.payment_id)
    return request


def aged(alipay: AlipayProcess, *requests: PaymentRequest) -> None:
    for request in requests:
        alipay.control("POST", f"/control/age/{request.payment_id.hex}", days=DAYS)


def test_paid_payments_of_a_past_day_with_their_refunds(alipay: AlipayProcess) -> None:
    provider = alipay.adapter()
    plain, part, full = (paid(alipay, amount) for amount in (100, 200, 300))
    own = a_refund(part, part.payment_id.hex, 50)
    provider.refund(own)
    unpaid = a_request(400, "CNY")
    alipay.visit(provider.open_payment(unpaid).checkout_url)
    aged(alipay, plain, part, full, unpaid)
    provider.refund(a_refund(full, full.payment_id.hex, 300))  # today: in no bill yet
    then = datetime.now(UTC) - timedelta(days=DAYS)
    rows = provider.list_payments(then - SPAN, then + SPAN)
    told = {row.payment_id: row.status for row in rows}
    assert set(told) == {plain.payment_id, part.payment_id, full.payment_id}
    assert rows == sorted(rows, key=lambda row: row.opened_at)
    assert {status.status for status in told.values()} == {"captured"}
    assert told[plain.payment_id].captured_minor == 100
    assert told[plain.payment_id].refunded_minor == 0
    assert told[part.payment_id].refunded_minor == 50
    assert told[part.payment_id].refunds[own.refund_id].amount_minor == 50
    assert told[full.payment_id].refunded_minor == 300


def test_what_was_given_back_by_hand_counts(alipay: AlipayProcess) -> None:
    provider, request = alipay.adapter(), paid(alipay, 200)
    by_hand = {"out_trade_no": request.payment_id.hex, "out_request_no": "by hand at the desk"}
    provider._gateway.call("alipay.trade.refund", {**by_hand, "refund_amount": "0.60"})
    aged(alipay, request)
    then = datetime.now(UTC) - timedelta(days=DAYS)
    rows = provider.list_payments(then - SPAN, then + SPAN)
    (status,) = [row.status for row in rows if row.payment_id == request.payment_id]
    assert (status.refunded_minor, status.refunds) == (60, {})


def test_a_span_has_its_first_instant_and_not_its_last(alipay: AlipayProcess) -> None:
    provider, request = alipay.adapter(), paid(alipay, 100)
    aged(alipay, request)
    then = datetime.now(UTC) - timedelta(days=DAYS)
    rows = provider.list_payments(then - SPAN, then + SPAN)
    at = next(row.opened_at for row in rows if row.payment_id == request.payment_id)
    for span, is_listed in (
        ((at, at + SPAN), True),
        ((at - SPAN, at), False),
        ((at + timedelta(seconds=1), at + SPAN), False),
    ):
        found = {row.payment_id for row in provider.list_payments(*span)}
        assert (request.payment_id in found) is is_listed


def test_today_is_not_told_yet(alipay: AlipayProcess) -> None:
    request, now = paid(alipay, 100), datetime.now(UTC)
    rows = alipay.adapter().list_payments(now - timedelta(minutes=5), now + SPAN)
    assert request.payment_id not in {row.payment_id for row in rows}


def test_a_day_without_money_is_empty(alipay: AlipayProcess) -> None:
    then = datetime.now(UTC) - timedelta(days=400)
    assert alipay.adapter().list_payments(then, then + SPAN) == []


def zipped(**members: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text.encode("gb18030"))
    return packed.getvalue()


def test_the_form_of_alipays_files() -> None:
    details = f"#账号：[2088]\r\n{HEADING},商户订单号\r\n2026\t,abc \t\r\n#-----\r\n#导出时间\r\n"
    rows = list(_details(zipped(details=details, summary="#业务汇总\r\n门店编号\r\n")))
    assert rows == [{HEADING: "2026", "商户订单号": "abc"}]


@pytest.mark.parametrize("packed", [b"", b"<html>", zipped(), zipped(one="#only notes\r\n")])
def test_anything_else_is_no_bill(packed: bytes) -> None:
    with pytest.raises(ValueError, match=r"zip|list"):
        list(_details(packed))
