"""Receipts as SMSCs write them: no two alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.gateways.messaging.inbound import SmsReceipt
from keepline.gateways.messaging.smpp.receipts import read_receipt, reference_of

USUAL = (
    "id:{id} sub:001 dlvrd:001 submit date:2611210200 done date:2611210201 stat:{stat} err:{err} "
    "text:Your plan ends"
)


def text(message_id: str = "7", stat: str = "DELIVRD", err: str = "000") -> str:
    return USUAL.format(id=message_id, stat=stat, err=err)


@pytest.mark.parametrize(
    ("said", "state", "code"),
    [
        (text(), "delivered", "DELIVRD"),
        (text(stat="UNDELIV", err="01B"), "refused", "UNDELIV 01B"),
        (text(stat="EXPIRED"), "refused", "EXPIRED"),
        (text(stat="REJECTD", err="0"), "refused", "REJECTD"),
        (text(stat="DELETED"), "refused", "DELETED"),
        (
            "id:7 submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DELIVRD err:000 text:",
            "delivered",
            "DELIVRD",
        ),
        ("ID: 7 STAT: Delivrd", "delivered", "DELIVRD"),
        ("id:7,stat:DELIVRD", "delivered", "DELIVRD"),
        ("stat:DELIVRD done date:x id:7", "delivered", "DELIVRD"),
        ("id:0007 status:DELIVERED", "delivered", "DELIVERED"),
        ("id:7 stat:DELIVRD text:id:99 stat:UNDELIV", "delivered", "DELIVRD"),
    ],
)
def test_usual_and_odd(said: str, state: str, code: str) -> None:
    assert read_receipt(said, b"", None, "same") == SmsReceipt("7", state, code)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "id:7",
        "stat:DELIVRD",
        text(stat="ENROUTE"),
        text(stat="ACCEPTD"),
        text(stat="UNKNOWN"),
        text(stat="WHATEVER"),
        "a text without anything",
    ],
)
def test_what_ends_nothing(said: str) -> None:
    assert read_receipt(said, b"", None, "same") is None


def test_options_alone_suffice_and_come_first() -> None:
    assert read_receipt("", b"abc\0", 2, "same") == SmsReceipt("abc", "delivered", "DELIVRD")
    assert read_receipt("", b"abc", 5, "same") == SmsReceipt("abc", "refused", "UNDELIV")
    assert read_receipt(text("9", "UNDELIV"), b"abc\0", 2, "same") == SmsReceipt(
        "abc", "delivered", "DELIVRD"
    )
    assert read_receipt("", b"abc", 1, "same") is None
    assert read_receipt("", b"", 2, "same") is None


@pytest.mark.parametrize(
    ("answered", "told", "ids"),
    [
        ("0000000C", "c", "same"),
        ("0000000c", "0000000C", "same"),
        ("c", "0000000012", "decimal"),
        ("0000000C", "12", "decimal"),
        ("12", "c", "hex"),
        ("12", "0000000C", "hex"),
        ("0", "000", "same"),
        ("not-a-number", "NOT-A-NUMBER", "decimal"),
    ],
)
def test_ids_in_other_bases(answered: str, told: str, ids: str) -> None:
    receipt = read_receipt(text(told), b"", None, ids)  # type: ignore[arg-type]
    assert receipt is not None
    assert receipt.reference == reference_of(answered.encode(), ids)  # type: ignore[arg-type]


@pytest.mark.parametrize("said", [b"", b"msg_id_not_implemented"])
def test_an_smsc_that_gives_no_ids(said: bytes) -> None:
    assert reference_of(said, "same") == ""


@given(st.text(), st.binary(max_size=70), st.integers(0, 255))
def test_nothing_that_comes_breaks_it(said: str, option: bytes, state: int) -> None:
    receipt = read_receipt(said, option, state, "decimal")
    assert receipt is None or len(receipt.reference) <= 100
