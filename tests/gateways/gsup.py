"""A gateway (SGSN) that a phone is attached to, as far as osmo-hlr can tell: GSUP over IPA.

Enough of the protocol to attach one phone and to hear what the HLR tells its gateway of it.
(OsmoHLR user manual, "Generic Subscriber Update Protocol"; IPA framing as for the CTRL interface.)
"""

import select
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

CCM, OSMO, GSUP = 0xFE, 0xEE, 0x05
ID_GET, ID_RESPONSE, ID_ACK = 0x04, 0x05, 0x06
NAME = "SGSN-00-00-00-00-00-01"
UPDATE_LOCATION, UPDATE_LOCATION_ERROR, UPDATE_LOCATION_DONE = 0x04, 0x05, 0x06
INSERT_DATA, INSERT_DATA_DONE = 0x10, 0x12
DELETE_DATA, DELETE_DATA_DONE = 0x14, 0x16
IMSI_IE, CN_DOMAIN_IE, PACKETS = 0x01, 0x28, 0x01
PORT = 4222


class Gateway:
    """Attaches a phone for data."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")
        self._introduce()

    def attach(self, imsi: str) -> bool:
        """Whether the HLR lets the phone in."""
        self._send(UPDATE_LOCATION, imsi, bytes([CN_DOMAIN_IE, 1, PACKETS]))
        while True:
            kind = self._message()
            if kind == INSERT_DATA:
                self._send(INSERT_DATA_DONE, imsi)
            elif kind in (UPDATE_LOCATION_DONE, UPDATE_LOCATION_ERROR):
                return kind == UPDATE_LOCATION_DONE

    def hears(self, within_s: float = 0.5) -> list[int]:
        """The kinds of messages that come by themselves."""
        kinds = []
        while select.select([self._connection], [], [], within_s)[0]:
            kinds.append(self._message())
        return kinds

    def _introduce(self) -> None:
        while True:
            protocol, content = self._frame()
            if protocol == CCM and content[0] == ID_GET:
                self._answer_identity(content[1:])
            elif protocol == CCM and content[0] == ID_ACK:
                return

    def _answer_identity(self, wanted: bytes) -> None:
        """The HLR names tags; each is answered with our name."""
        answer = b""
        while wanted:
            length, tag = wanted[0], wanted[1]
            value = NAME.encode() + b"\0"
            answer += struct.pack("!HB", len(value) + 1, tag) + value
            wanted = wanted[1 + length :]
        self._write(CCM, bytes([ID_RESPONSE]) + answer)
        self._write(CCM, bytes([ID_ACK]))

    def _send(self, kind: int, imsi: str, rest: bytes = b"") -> None:
        digits = imsi if len(imsi) % 2 == 0 else imsi + "F"
        swapped = bytes.fromhex(
            "".join(b + a for a, b in zip(digits[::2], digits[1::2], strict=True))
        )
        content = bytes([GSUP, kind, IMSI_IE, len(swapped)]) + swapped + rest
        self._write(OSMO, content)

    def _message(self) -> int:
        while True:
            protocol, content = self._frame()
            if protocol == OSMO and content[0] == GSUP:
                return content[1]

    def _frame(self) -> tuple[int, bytes]:
        head = self._file.read(3)
        length, protocol = struct.unpack("!HB", head)
        return protocol, self._file.read(length)

    def _write(self, protocol: int, content: bytes) -> None:
        self._connection.sendall(struct.pack("!HB", len(content), protocol) + content)


@contextmanager
def a_gateway(host: str) -> Iterator[Gateway]:
    with socket.create_connection((host, PORT), timeout=5) as connection:
        yield Gateway(connection)
