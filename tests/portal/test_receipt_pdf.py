"""The receipt as PDF: the same facts as the page, in the holder's script."""

import re
import zlib
from base64 import a85decode

import pytest
from django.test import Client

from keepline.accounts.models import Account, User
from keepline.orders.models import Order
from tests.cast import Cast
from tests.portal.acts import with_receipt

pytestmark = pytest.mark.django_db

STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
SHOWN = re.compile(rb"\(((?:\\.|[^\\()])*)\) Tj")
ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)


def shown(pdf: bytes) -> list[bytes]:
    """Every string that the page shows, unescaped."""
    found: list[bytes] = []
    for stream in STREAM.findall(pdf):
        drawn = zlib.decompress(a85decode(stream.strip().removesuffix(b"~>"), ignorechars=b"\r\n"))
        found += [ESCAPED.sub(_plain, text) for text in SHOWN.findall(drawn)]
    return found


def _plain(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8)]) if len(code) == 3 else code


def test_it_carries_the_receipts_number_and_facts(stage: Cast, alice: Client) -> None:
    order_id = with_receipt(alice, stage)
    Order.objects.filter(id=order_id).update(receipt_number=90210)
    answer = alice.get(f"/orders/{order_id}/receipt.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert "90210" in answer["Content-Disposition"]
    texts = shown(answer.content)
    for said in (
        b"Receipt 90210",
        b"US$3.00",
        b"Alice",
        b"Europe/Berlin",
        b"20 April 2026, 13:00",
        f"Order {order_id}".encode(),
    ):
        assert said in texts, texts


def test_chinese_is_shown(stage: Cast, alice: Client) -> None:
    User.objects.filter(pk=stage.alice.pk).update(language="zh-hans")
    Account.objects.filter(id=stage.account.id).update(name="林晓雨")
    order_id = with_receipt(alice, stage)
    answer = alice.get(f"/orders/{order_id}/receipt.pdf")
    assert b"STSong-Light" in answer.content
    texts = shown(answer.content)
    assert "林晓雨".encode("utf-16-be") in texts
    assert "收据".encode("utf-16-be") in b" ".join(texts)
