"""PDUs as octets (SMPP 3.4, 3.2 and 4). submit_sm and deliver_sm are the library's, smpp34."""

from collections.abc import Iterator
from datetime import timedelta
from struct import Struct
from typing import Final, NamedTuple

import smpp34

from .address import SmppAddress
from .texts import Encoded

GENERIC_NACK: Final = 0x80000000
BIND_TRANSMITTER: Final = 0x00000002
BIND_TRANSCEIVER: Final = 0x00000009
SUBMIT_SM: Final = 0x00000004
DELIVER_SM: Final = 0x00000005
UNBIND: Final = 0x00000006
ENQUIRE_LINK: Final = 0x00000015
ALERT_NOTIFICATION: Final = 0x00000102
RESPONSE: Final = 0x80000000
VERSION: Final = 0x34
LAST_SEQUENCE: Final = 0x7FFFFFFF

HEADER: Final = Struct(">IIII")
LARGEST: Final = 0x20000  # a message_payload has 64 KiB at most
INTERNATIONAL, ALPHANUMERIC, UNKNOWN, ISDN = 1, 5, 0, 1  # 5.2.5, 5.2.6
RECEIPT_WANTED: Final = 0x01  # 5.2.17


class NoPdu(ValueError):
    """What came is no SMPP; nothing after it can be read either."""


class Pdu(NamedTuple):
    """`octets` has the header as well."""

    command: int
    status: int
    sequence: int
    octets: bytes

    @property
    def body(self) -> bytes:
        return self.octets[HEADER.size :]

    @property
    def is_response(self) -> bool:
        return bool(self.command & RESPONSE)


class Framer:
    """Cuts a stream into PDUs."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, octets: bytes) -> Iterator[Pdu]:
        """What is whole by now. Raises NoPdu."""
        rest = self._rest
        rest += octets
        place = 0
        while len(rest) - place >= HEADER.size:
            length, command, status, sequence = HEADER.unpack_from(rest, place)
            if not HEADER.size <= length <= LARGEST:
                raise NoPdu(f"a PDU of {length} octets")
            if len(rest) - place < length:
                break
            yield Pdu(command, status, sequence, bytes(rest[place : place + length]))
            place += length
        del rest[:place]


def pdu(command: int, sequence: int, status: int = 0, body: bytes = b"") -> bytes:
    """Any PDU."""
    return HEADER.pack(HEADER.size + len(body), command, status, sequence) + body


def bind(command: int, sequence: int, address: SmppAddress) -> bytes:
    """4.1.1, 4.1.5."""
    words = (address.system_id, address.password, address.system_type)
    strings = b"".join(word.encode("ascii") + b"\0" for word in words)
    return pdu(command, sequence, body=strings + bytes((VERSION, UNKNOWN, UNKNOWN, 0)))


def submit_sm(
    sequence: int,
    sender: str,
    to: str,
    part: Encoded,
    wants_receipt: bool,
    useful_for_s: int | None,
) -> bytes:
    """4.4.1. With the last part, whose id stands for the message, a receipt may be asked for."""
    source_ton, source_npi, source = _source(sender)
    return smpp34.SubmitSm(
        source_addr=source,
        source_addr_ton=source_ton,
        source_addr_npi=source_npi,
        destination_addr=to.removeprefix("+"),
        dest_addr_ton=INTERNATIONAL,
        dest_addr_npi=ISDN,
        short_message=part.octets,
        esm_class=part.esm_class,
        data_coding=part.data_coding,
        registered_delivery=RECEIPT_WANTED if wants_receipt else 0,
        validity_period="" if useful_for_s is None else _relative(useful_for_s),
        sequence_number=sequence,
    ).encode()


def _source(sender: str) -> tuple[int, int, str]:
    if sender.startswith("+"):
        return INTERNATIONAL, ISDN, sender[1:]
    if sender.isdigit() or not sender:  # a short code, or the SMSC's own choice
        return UNKNOWN, ISDN if sender else UNKNOWN, sender
    return ALPHANUMERIC, UNKNOWN, sender


def _relative(seconds: int) -> str:
    """7.1.1.2: years, months, days, hours, minutes, seconds from now on."""
    span = timedelta(seconds=seconds)
    hours, rest = divmod(span.seconds, 3600)
    return f"0000{min(span.days, 30):02d}{hours:02d}{rest // 60:02d}{rest % 60:02d}000R"


def deliver_sm(received: Pdu) -> smpp34.DeliverSm | None:
    """None when the library cannot read it."""
    try:
        read = smpp34.decode(received.octets)
    except smpp34.SmppError:
        return None
    return read if isinstance(read, smpp34.DeliverSm) else None
