"""Alipay's daily trade bill: the money that moved on one day in China, told on the next morning.

A zip of CSV files in GBK: comments begin with #, cells end in tabs. It has no unpaid payments, and
a refund stands in the bill of its own day.
"""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
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
from .reading import readable, refusal
from .times import CHINA, read_instant

LONGEST_CHECKOUT: Final = timedelta(hours=1)  # begun before midnight, paid after it
LARGEST_BYTES: Final = 256 * 1024 * 1024
TRADE, REFUND = "交易", "退款"
HEADING: Final = "支付宝交易号"
ORDER, KIND, CREATED = "商户订单号", "业务类型", "创建时间"
AMOUNT, REFUND_ID = "订单金额（元）", "退款批次号/请求号"

Row = Mapping[str, str]
Refunds = dict[UUID, RefundStatus]


def listed_payments(
    gateway: Gateway,
    ask: Callable[[UUID], PaymentStatus],
    opened_from: datetime,
    opened_until: datetime,
    now: datetime,
) -> list[ListedPayment]:
    """The paid payments that holders began in [opened_from, opened_until), oldest first.

    A day whose bill is not there yet is left out. The bills tell which payments there are and of
    refunds in part; what is true now is asked for each, as a refund may be younger than the bills.
    """
    opened: dict[UUID, datetime] = {}
    refunds: dict[UUID, Refunds] = {}
    given: Counter[UUID] = Counter()  # with what was given back by hand, which has no id of ours
    for day in _days(opened_from, opened_until, now):
        for row in _rows(gateway, day):
            payment_id = _own_id(row[ORDER])
            if payment_id and row[KIND] == TRADE:
                opened[payment_id] = read_instant(row[CREATED])
            elif payment_id and row[KIND] == REFUND:
                amount = -fen(row[AMOUNT])
                given[payment_id] += amount
                if refund_id := _own_id(row[REFUND_ID]):
                    refund = RefundStatus(refund_id, "refunded", amount)
                    refunds.setdefault(payment_id, {})[refund_id] = refund
    inside = sorted((at, one) for one, at in opened.items() if opened_from <= at < opened_until)
    return [
        ListedPayment(one, at, _with(refunds.get(one, {}), given[one], ask(one)))
        for at, one in inside
    ]


def _with(refunds: Refunds, given_minor: int, status: PaymentStatus) -> PaymentStatus:
    back = max(given_minor, status.refunded_minor)
    return replace(status, refunded_minor=back, refunds=refunds)


def _days(opened_from: datetime, opened_until: datetime, now: datetime) -> list[date]:
    first = opened_from.astimezone(CHINA).date()
    yesterday = now.astimezone(CHINA).date() - timedelta(days=1)
    last = min((opened_until + LONGEST_CHECKOUT).astimezone(CHINA).date(), yesterday)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _rows(gateway: Gateway, day: date) -> list[Row]:
    api = "alipay.data.dataservice.bill.downloadurl.query"
    answer = gateway.call(api, {"bill_type": "trade", "bill_date": day.isoformat()})
    with readable():
        word = refusal(answer)
        if word.upper().endswith("BILL_NOT_EXIST"):
            return []  # a day without money, or not there yet
        if word:
            raise ProviderUnknown(word)
        return list(_details(gateway.download(answer["bill_download_url"])))


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


def _own_id(text: str) -> UUID | None:
    """32 hex digits; anything else is of another program with the same account."""
    try:
        found = UUID(hex=text)
    except ValueError:
        return None
    return found if found.hex == text else None
