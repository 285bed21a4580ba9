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
        if stream.startswith(b"x"):  # a font
            continue
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


def read_back(pdf: bytes) -> dict[int, str]:
    """The letters of Inter that the PDF brings along, by their codes: what a reader would copy."""
    for stream in filter(lambda each: each.startswith(b"x"), STREAM.findall(pdf)):
        table = zlib.decompressobj().decompress(stream)
        if b"beginbfchar" in table and b"Inter-Regular" in table:
            pairs = re.findall(rb"<([0-9A-F]{2})> <([0-9A-F]{4})>", table)
            return {int(code, 16): chr(int(letter, 16)) for code, letter in pairs}
    return {}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ru", ("Квитанция 90210", "Олег Ґонта", "20 апреля 2026, 13:00", "3,00 $")),
        ("uk", ("Квитанція 90210", "Олег Ґонта", "20 квітня 2026, 13:00", "3,00 USD")),
    ],
)
def test_cyrillic_is_shown_in_letters_that_come_along(
    stage: Cast, alice: Client, language: str, said: tuple[str, ...]
) -> None:
    User.objects.filter(pk=stage.alice.pk).update(language=language)
    Account.objects.filter(id=stage.account.id).update(name="Олег Ґонта")
    order_id = with_receipt(alice, stage)
    Order.objects.filter(id=order_id).update(receipt_number=90210)
    pdf = alice.get(f"/orders/{order_id}/receipt.pdf").content
    assert b"+Inter-Regular" in pdf
    assert pdf.count(b"/FontFile2") == 2
    assert len(pdf) < 60_000
    letters = read_back(pdf)
    texts = {"".join(letters.get(code, "") for code in text) for text in shown(pdf)}
    assert texts >= set(said), texts


def test_a_cyrillic_name_in_an_english_receipt(stage: Cast, alice: Client) -> None:
    Account.objects.filter(id=stage.account.id).update(name="Олег")
    pdf = alice.get(f"/orders/{with_receipt(alice, stage)}/receipt.pdf").content
    assert b"+Inter-Regular" in pdf
    assert b"US$3.00" in shown(pdf)


def test_chinese_is_shown(stage: Cast, alice: Client) -> None:
    User.objects.filter(pk=stage.alice.pk).update(language="zh-hans")
    Account.objects.filter(id=stage.account.id).update(name="林晓雨")
    order_id = with_receipt(alice, stage)
    answer = alice.get(f"/orders/{order_id}/receipt.pdf")
    assert b"STSong-Light" in answer.content
    texts = shown(answer.content)
    assert "林晓雨".encode("utf-16-be") in texts
    assert "收据".encode("utf-16-be") in b" ".join(texts)
