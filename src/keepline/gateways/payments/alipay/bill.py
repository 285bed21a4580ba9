"""Alipay's daily trade bill: the money that moved on one day, told on the next morning.

A zip of CSV files in GBK: comments begin with #, cells end in tabs. It has no unpaid and no
unpaid closed payments, and a refund stands in the bill of its own day.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from keepline.gateways.payments.port import (
    ListedPayment,
    PaymentStatus,
    ProviderUnknown,
    RefundStatus,
)

from .amounts import fen
from .gateway import Gateway
from .reading import CURRENCY, readable, refusal
from .times import CHINA, read_instant

READY_AFTER: Final = timedelta(hours=10)  # after midnight in China; Alipay says about nine
LONGEST_CHECKOUT: Final = timedelta(hours=1)  # begun before midnight, paid after it
LARGEST_BYTES: Final = 256 * 1024 * 1024
TRADE, REFUND = "交易", "退款"
HEADING: Final = "支付宝交易号"
ORDER, KIND, CREATED = "商户订单号", "业务类型", "创建时间"
AMOUNT, REFUND_ID = "订单金额（元）", "退款批次号/请求号"

Row = Mapping[str, str]


def listed_payments(
    gateway: Gateway, opened_from: datetime, opened_until: datetime, now: datetime
) -> list[ListedPayment]:
    """The paid payments that holders began in [opened_from, opened_until), oldest first.

    Refunds are those of the days read, which are the window's and the hour after it. Raises
    ProviderUnknown while the bill of one of these days cannot be there yet.
    """
    found: dict[UUID, ListedPayment] = {}
    refunds: list[Row] = []
    for day in _days(opened_from, opened_until):
        for row in _rows(gateway, day, now):
            if row[KIND] == REFUND:
                refunds.append(row)
            elif row[KIND] == TRADE and (payment_id := _own_id(row[ORDER])):
                found[payment_id] = _captured(payment_id, row)
    with readable():
        for row in refunds:
            payment_id = _own_id(row[ORDER])
            if payment_id in found:
                found[payment_id] = _given_back(found[payment_id], row)
    listed = [one for one in found.values() if opened_from <= one.opened_at < opened_until]
    return sorted(listed, key=lambda one: (one.opened_at, one.payment_id))


def _days(opened_from: datetime, opened_until: datetime) -> list[date]:
    first = opened_from.astimezone(CHINA).date()
    last = (opened_until + LONGEST_CHECKOUT).astimezone(CHINA).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _rows(gateway: Gateway, day: date, now: datetime) -> Iterator[Row]:
    ready_at = datetime(day.year, day.month, day.day, tzinfo=CHINA) + timedelta(days=1)
    if now < ready_at + READY_AFTER:
        raise ProviderUnknown(f"Alipay's bill of {day} is not there yet")
    api = "alipay.data.dataservice.bill.downloadurl.query"
    answer = gateway.call(api, {"bill_type": "trade", "bill_date": day.isoformat()})
    with readable():
        word = refusal(answer)
        if word.upper().endswith("BILL_NOT_EXIST"):
            return  # a day without money
        if word:
            raise ProviderUnknown(word)
        yield from _details(gateway.download(answer["bill_download_url"]))


def _details(packed: bytes) -> Iterator[Row]:
    """The rows of the file that has the heading; the other file is their summary."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > LARGEST_BYTES:
                raise ValueError("the bill is too large")
            texts = [archive.read(info).decode("gb18030") for info in infos]
    except zipfile.BadZipFile as error:
        raise ValueError("not a zip") from error
    details = [text for text in texts if f"\n{HEADING}" in text]
    if len(details) != 1:
        raise ValueError("not one list of payments")
    lines = [line for line in details[0].splitlines() if line and not line.startswith("#")]
    for row in csv.DictReader(lines, strict=True):
        yield {name.strip(): (cell or "").strip() for name, cell in row.items()}


def _captured(payment_id: UUID, row: Row) -> ListedPayment:
    amount = fen(row[AMOUNT])
    status = PaymentStatus("captured", amount, CURRENCY, amount, 0, payment_id.hex)
    return ListedPayment(payment_id, read_instant(row[CREATED]), status)


def _given_back(listed: ListedPayment, row: Row) -> ListedPayment:
    amount = -fen(row[AMOUNT])
    seen = dict(listed.status.refunds)
    if refund_id := _own_id(row[REFUND_ID]):
        seen[refund_id] = RefundStatus(refund_id, "refunded", amount)
    refunded = listed.status.refunded_minor + amount
    return replace(listed, status=replace(listed.status, refunded_minor=refunded, refunds=seen))


def _own_id(text: str) -> UUID | None:
    """Of other programs' payments in the same account: None."""
    try:
        return UUID(hex=text)
    except ValueError:
        return None
