"""Texts as octets of short messages, and back (SMPP 3.4, 5.2.19; 3GPP TS 23.038, TS 23.040).

Seven-bit text travels one septet an octet, as SMPP has it.
"""

import codecs
from dataclasses import dataclass
from typing import Final, NamedTuple

import gsm0338

from .address import Alphabet

DEFAULT_CODING, UCS2 = 0x00, 0x08
UDHI: Final = 0x40  # esm_class: a user data header begins the message
CONCATENATED: Final = 0x00
REFERENCES: Final = {0x00: 1, 0x08: 2}  # octets of the number; TS 23.040, 9.2.3.24.1 and .8
SINGLE_SEPTETS, PART_SEPTETS = 160, 153
SINGLE_OCTETS, PART_OCTETS = 140, 134
MOST_PARTS: Final = 10
ESCAPE: Final = 0x1B
SEPTETS: Final = range(0x80)
FIRST_HALVES: Final = range(0xD8, 0xDC)  # upper octets of what a second unit follows
GSM: Final = gsm0338.Codec()
# 5.2.19; those that are no text (2, 4: octets) are shown as hexadecimal digits.
CODINGS: Final = {
    0x01: "ascii",
    0x03: "latin-1",
    0x05: "shift_jis",
    0x06: "iso8859-5",
    0x07: "iso8859-8",
    0x08: "utf-16-be",
    0x0A: "iso2022_jp",
    0x0D: "euc_jis_2004",
    0x0E: "euc_kr",
}
OCTETS: Final = frozenset({0x02, 0x04})
# The upper four bits of TS 23.038's data coding scheme.
OF_SMPP, GENERAL, LIGHTS_IN_UCS2, CLASS = 0x0, range(0x1, 0x8), 0xE, 0xF


class TooLong(ValueError):
    """More than MOST_PARTS parts."""


class Encoded(NamedTuple):
    """One part, ready for submit_sm."""

    esm_class: int
    data_coding: int
    octets: bytes


class Joint(NamedTuple):
    """Which part of which message."""

    of: int
    number: int
    total: int


@dataclass(frozen=True, slots=True)
class UserData:
    """Octets without their header, and what that said of parts."""

    octets: bytes
    joint: Joint | None


def encoded(text: str, of: int, alphabet: Alphabet) -> list[Encoded]:
    """The parts of a text; `of` is the number that joins them, 0 to 255. Raises TooLong.

    No part ends in half a character: neither between an escape and what it escapes, nor between
    the two halves of an emoji.
    """
    try:
        octets = _seven_bit(text, alphabet)
        coding, single, most = DEFAULT_CODING, SINGLE_SEPTETS, PART_SEPTETS
    except UnicodeEncodeError:
        octets = text.encode("utf-16-be", "replace")
        coding, single, most = UCS2, SINGLE_OCTETS, PART_OCTETS
    if len(octets) <= single:
        return [Encoded(0, coding, octets)]
    pieces = _cut(octets, most, coding)
    if len(pieces) > MOST_PARTS:
        raise TooLong(f"{len(pieces)} parts")
    header = bytes((5, CONCATENATED, 3, of & 0xFF, len(pieces)))
    return [
        Encoded(UDHI, coding, header + bytes((number,)) + piece)
        for number, piece in enumerate(pieces, 1)
    ]


def _seven_bit(text: str, alphabet: Alphabet) -> bytes:
    if alphabet == "latin1":
        return text.encode("latin-1")
    place = text.find(chr(ESCAPE))
    if place >= 0:  # it would make another character of what follows
        raise UnicodeEncodeError("gsm03.38", text, place, place + 1, "is no character")
    return bytes(GSM.encode(text)[0])


def _cut(octets: bytes, most: int, coding: int) -> list[bytes]:
    pieces = []
    while octets:
        end = min(most, len(octets))
        if end < len(octets):
            if coding == UCS2:
                end -= 2 if octets[end - 2] in FIRST_HALVES else 0
            elif octets[end - 1] == ESCAPE:
                end -= 1
        pieces.append(octets[:end])
        octets = octets[end:]
    return pieces


def user_data(octets: bytes, has_header: bool) -> UserData:
    """Takes a user data header off. One that does not fit its own lengths joins nothing."""
    if not has_header or not octets or octets[0] >= len(octets):
        return UserData(octets, None)
    header, rest = octets[1 : 1 + octets[0]], octets[1 + octets[0] :]
    joint = None
    while len(header) > 1:
        kind, size = header[0], header[1]
        value, header = header[2 : 2 + size], header[2 + size :]
        if kind in REFERENCES and len(value) == size == REFERENCES[kind] + 2:
            *of, total, number = value
            joint = Joint(int.from_bytes(of, "big"), number, total)
    return UserData(rest, joint)


def decoded(octets: bytes, data_coding: int, alphabet: Alphabet) -> str:
    """The text. What cannot be read of it becomes U+FFFD; it never fails."""
    coding = _plain(data_coding)
    if coding in OCTETS:
        return octets.hex(" ")
    name = CODINGS.get(coding, "latin-1" if alphabet == "latin1" else "")
    if name:
        return codecs.decode(octets, name, "replace")
    return _from_gsm(octets)


def _from_gsm(octets: bytes) -> str:
    text, after_escape = [], False
    for octet in octets:
        one = bytes((ESCAPE, octet)) if after_escape else bytes((octet,))
        if octet == ESCAPE and not after_escape:
            after_escape = True
            continue
        after_escape = False
        try:
            text.append(GSM.decode(one)[0])
        except UnicodeDecodeError:  # an unknown extension is shown as the plain character
            text.append(
                "\N{REPLACEMENT CHARACTER}" if octet not in SEPTETS else GSM.decode(one[-1:])[0]
            )
    return "".join(text)


def _plain(data_coding: int) -> int:
    """Message classes and waiting lights (TS 23.038, 4) as the three codings that they carry."""
    group, bits = divmod(data_coding, 16)
    if group == OF_SMPP:
        return data_coding
    if group in GENERAL:
        return {0x04: 0x04, 0x08: UCS2}.get(bits & 0x0C, DEFAULT_CODING)
    if group == CLASS:
        return 0x04 if bits & 0x04 else DEFAULT_CODING
    return UCS2 if group == LIGHTS_IN_UCS2 else DEFAULT_CODING
