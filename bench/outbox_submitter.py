"""A plain SMPP client with one bind and a full window: what bench.outbox stands beside.

One PDU, again and again under other sequence numbers and to other numbers; nothing else is done.
"""

import asyncio
import sys
from pathlib import Path

from keepline.gateways.messaging.smpp.address import SmppAddress
from keepline.gateways.messaging.smpp.wire import BIND_TRANSMITTER, Framer, bind

FIRST = 447_000_000_001


def number_of(place: int) -> int:
    """All of one length; none ends in 0000, which the SMSC refuses."""
    return FIRST + place + place // 9_999


class Client(asyncio.Protocol):
    """Sends `count` of them, `window` without an answer."""

    def __init__(self, before: bytes, after: bytes, count: int, window: int) -> None:
        self._before, self._after = before, after
        self._count, self._window = count, window
        self._framer = Framer()
        self._sent = self._answered = 0
        self.bound: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        answers = sum(1 for _ in self._framer.feed(data))
        if not self.bound.done():
            self.bound.set_result(None)
            return
        self._answered += answers
        self.send()

    def say(self, octets: bytes) -> None:
        self._transport.write(octets)

    def send(self) -> None:
        """As many as the window has room for, in one go."""
        until = min(self._count, self._answered + self._window)
        self._transport.write(b"".join(self._pdu(number) for number in range(self._sent, until)))
        self._sent = until
        if self._answered == self._count and not self.done.done():
            self.done.set_result(None)

    def _pdu(self, number: int) -> bytes:
        head = self._before[:12] + (number + 2).to_bytes(4, "big") + self._before[16:]
        return head + str(number_of(number)).encode() + self._after


async def run(url: str, sample: bytes, count: int) -> None:
    address = SmppAddress.read(url)
    before, after = sample.split(str(FIRST).encode(), 1)
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(
        lambda: Client(before, after, count, address.window), address.host, address.port
    )
    client.say(bind(BIND_TRANSMITTER, 1, address))
    await client.bound
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    client.send()
    await client.done


def main() -> None:
    url, sample, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    asyncio.run(run(url, sample.read_bytes(), count))


if __name__ == "__main__":
    main()
