"""Osmocom's control interface: variables read and set, each by one message in IPA framing.

A frame is the length of what follows the third byte (two bytes, big-endian), the protocol 0xEE,
its extension 0x00, and text: `GET <id> <variable>` is answered by `GET_REPLY <id> <variable>
<value>` or `ERROR <id> <reason>`. The number after ERROR is the request's id and no code: errors
differ by their text. A TRAP is told to everybody and answers nothing.
(Osmocom Control Interface Protocol, OsmoHLR user manual, chapter "Control interface".)
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from .connection import Connection, Garbage

HEAD = struct.Struct("!HBB")
IPA_CTRL, IPA_EXTENSION = 0xEE, 0x00
AT_ONCE = 64  # the HLR keeps at most 100 answers for a client that does not read


@dataclass(frozen=True, slots=True)
class Request:
    """`value` None reads the variable."""

    variable: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The value, or the reason why there is none."""

    ok: bool
    text: str


class Ctrl:
    """One control connection. Every method raises NetworkUnknown when there is no whole answer."""

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        self._connection = Connection(host, port, timeout_s, greet=lambda _: self._buffer.clear())
        self._buffer = bytearray()
        self._ids = count(1)

    def exchange(self, requests: Sequence[Request]) -> list[Reply]:
        """The replies in the order of the requests, many of which are under way at once."""
        replies: list[Reply] = []
        for start in range(0, len(requests), AT_ONCE):
            replies += self._window(requests[start : start + AT_ONCE])
        return replies

    def close(self) -> None:
        """Ends the connection; the next exchange opens another."""
        self._connection.close()

    def _window(self, requests: Sequence[Request]) -> list[Reply]:
        numbered = [(str(next(self._ids)), request) for request in requests]
        frames = b"".join(_frame(number, request) for number, request in numbered)
        with self._connection.exchange():
            self._connection.send(frames)
            return [self._reply(number, request) for number, request in numbered]

    def _reply(self, number: str, request: Request) -> Reply:
        while True:
            text = self._text()
            kind, _, rest = text.partition(" ")
            if kind != "TRAP":
                break
        asked, _, rest = rest.partition(" ")
        if asked != number:
            raise Garbage(f"answers what was not asked: {text[:60]!r}")
        if kind == "ERROR":
            return Reply(ok=False, text=rest)
        variable, _, value = rest.partition(" ")
        wanted = "GET_REPLY" if request.value is None else "SET_REPLY"
        if (kind, variable) != (wanted, request.variable):
            raise Garbage(f"answers what was not asked: {text[:60]!r}")
        return Reply(ok=True, text=value)

    def _text(self) -> str:
        """The next message's text."""
        self._fill(HEAD.size)
        length, protocol, extension = HEAD.unpack_from(self._buffer)
        if (protocol, extension) != (IPA_CTRL, IPA_EXTENSION) or length < 1:
            raise Garbage(f"sends no control message: {bytes(self._buffer[:16])!r}")
        end = HEAD.size + length - 1
        self._fill(end)
        text = bytes(self._buffer[HEAD.size : end])
        del self._buffer[:end]
        return text.decode("ascii", "replace")

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size:
            self._buffer += self._connection.receive()


def _frame(number: str, request: Request) -> bytes:
    verb, value = ("GET", "") if request.value is None else ("SET", f" {request.value}")
    text = f"{verb} {number} {request.variable}{value}"
    if not (text.isascii() and text.isprintable()):
        raise ValueError(f"not to be sent: {text!r}")
    content = text.encode("ascii")
    return HEAD.pack(len(content) + 1, IPA_CTRL, IPA_EXTENSION) + content
