"""Texts as octets and back, with what real phones and SMSCs send."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keepline.gateways.messaging.smpp.texts import (
    MOST_PARTS,
    UDHI,
    Joint,
    TooLong,
    decoded,
    encoded,
    user_data,
)

TEXTS = st.text(
    st.one_of(
        st.sampled_from("abc €{}[]~^|\\ΔÄé\n"),
        st.characters(codec="utf-8", exclude_categories=["Cs"]),
    ),
    max_size=400,
)


@example("\x1be")  # the escape of the alphabet: in seven bits it would be a euro sign
@given(TEXTS)
def test_whatever_is_written_can_be_read(text: str) -> None:
    parts = encoded(text, 200, "gsm")
    read = []
    for number, part in enumerate(parts, 1):
        data = user_data(part.octets, bool(part.esm_class & UDHI))
        assert len(part.octets) <= 160
        assert data.joint == (None if len(parts) == 1 else Joint(200, number, len(parts)))
        read.append(decoded(data.octets, part.data_coding, "gsm"))
        assert "\N{REPLACEMENT CHARACTER}" not in read[-1].replace(
            "\N{REPLACEMENT CHARACTER}", "", text.count("\N{REPLACEMENT CHARACTER}")
        ), "half a character"
    assert "".join(read) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
     ("续" * 70, 1), ("续" * 71, 2), ("续" * 134, 2), ("续" * 135, 3)],
)  # fmt: skip
def test_as_many_parts_as_a_bill_says(text: str, parts: int) -> None:
    assert len(encoded(text, 1, "gsm")) == parts


def test_a_novel_is_refused() -> None:
    encoded("a" * 153 * MOST_PARTS, 1, "gsm")
    with pytest.raises(TooLong):
        encoded("a" * (153 * MOST_PARTS + 1), 1, "gsm")


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        (b"hello\x00\x1be", 0x00, "hello@€"),
        (b"a\x1b", 0x00, "a"),
        (b"\x1bA", 0x00, "A"),
        (b"\xff", 0x00, "\N{REPLACEMENT CHARACTER}"),
        (b"caf\xe9", 0x03, "café"),
        (b"\xd0\xd1", 0x06, "аб"),
        (b"\xe0\xe1", 0x07, "אב"),
        ("验证码".encode("utf-16-be"), 0x08, "验证码"),
        ("验".encode("utf-16-be") + b"\x00", 0x08, "验\N{REPLACEMENT CHARACTER}"),
        (b"\xb0\xa1", 0x0E, "가"),
        (b"\x01\xff", 0x04, "01 ff"),
        (b"flash", 0xF0, "flash"),
        (b"\x01", 0xF5, "01"),
        ("灯".encode("utf-16-be"), 0xE0, "灯"),
        ("级".encode("utf-16-be"), 0x18, "级"),
        (b"", 0x08, ""),
    ],
)
def test_alphabets(octets: bytes, coding: int, text: str) -> None:
    assert decoded(octets, coding, "gsm") == text


def test_an_smsc_whose_own_alphabet_is_latin_1() -> None:
    assert decoded(b"caf\xe9 {", 0x00, "latin1") == "café {"
    (part,) = encoded("café {", 1, "latin1")
    assert part.octets == b"caf\xe9 {"


@given(st.binary(max_size=200), st.integers(0, 255))
def test_nothing_that_comes_breaks_it(octets: bytes, coding: int) -> None:
    data = user_data(octets, has_header=True)
    assert isinstance(decoded(data.octets, coding, "gsm"), str)


@pytest.mark.parametrize(
    ("header", "joint"),
    [
        ("050003070302", Joint(7, 2, 3)),
        ("06080412340302", Joint(0x1234, 2, 3)),
        ("0b0504c34f00000003aa0201", Joint(0xAA, 1, 2)),  # ports first
        ("ff00030703", None),  # shorter than it says
        ("04010203ff", None),  # something else
        ("00", None),
    ],
)
def test_headers(header: str, joint: Joint | None) -> None:
    assert user_data(bytes.fromhex(header) + b"rest", has_header=True).joint == joint
