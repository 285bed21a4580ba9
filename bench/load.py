"""A small HTTP load maker: N keep-alive connections, each sends its next request at the answer.

Requests are bytes made beforehand, answers are judged by their status and a needle, so that the
maker takes as little of the machine as it can; what it takes counts against Keepline.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """Latencies of good answers in seconds; everything else by what it was. `good`: the status."""

    good: str = "201"
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)


class Connection(asyncio.Protocol):
    """One connection; sends, waits, judges, sends again until told to stop."""

    def __init__(self, requests: Iterator[bytes], until: float, outcome: Outcome) -> None:
        self.requests, self.until, self.outcome = requests, until, outcome
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        if time.perf_counter() >= self.until:
            self.transport.close()  # type: ignore[attr-defined]
            self.done.set_result(None)
            return
        self.began = time.perf_counter()
        self.transport.write(next(self.requests))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        start = head.lower().find(b"content-length:") + 15
        if len(body) < int(head[start:].split(b"\r\n", 1)[0]):
            return
        self.buffer = b""
        status = head[9:12].decode()
        done = status != "201" or b'"completed"' in body
        if status == self.outcome.good and done:
            self.outcome.latencies.append(time.perf_counter() - self.began)
        else:
            self.outcome.others[status] = self.outcome.others.get(status, 0) + 1
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("closed by the server"))


async def _run(
    port: int, requests: Iterator[bytes], connections: int, seconds: float, good: str
) -> Outcome:
    outcome = Outcome(good)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        (
            await loop.create_connection(
                lambda: Connection(requests, began + seconds, outcome), "127.0.0.1", port
            )
        )[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for connection in made))
    outcome.seconds = time.perf_counter() - began
    return outcome


def run(
    port: int, requests: Iterator[bytes], connections: int, seconds: float, good: str = "201"
) -> Outcome:
    """Runs the load; returns what came of it. `good`: the status of an answer that counts."""
    return asyncio.run(_run(port, requests, connections, seconds, good))
