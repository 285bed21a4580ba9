"""What the SMSC hands over, taken in batches; acknowledged when it is kept, and not before."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple

from keepline.gateways.messaging.inbound import Arrived, Take

from .address import SmppAddress
from .arrived import arrived
from .link import Link
from .statuses import INVALID_COMMAND_LENGTH, OK, QUEUE_FULL, TEMPORARY_ERROR_OF_OURS
from .wire import DELIVER_SM, RESPONSE, Pdu, deliver_sm, pdu

MOST_WAITING: Final = 2_000
A_BATCH: Final = 200


class Waiting(NamedTuple):
    """One deliver_sm that nobody has acknowledged yet."""

    link: Link
    sequence: int
    arrived: Arrived


class Inbox:
    """One thread hands over what came while it handed over the last: many become one batch."""

    def __init__(self, address: SmppAddress) -> None:
        self._address = address
        self._waiting: SimpleQueue[Waiting | None] = SimpleQueue()
        self._take: Take | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, take: Take) -> None:
        """In the event loop of the links."""
        self._take = take
        self._loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = threading.Thread(target=self._hand_over, name="smpp-inbox", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Ends when what waits is handed over."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(10)
            self._thread = None

    def heard(self, link: Link, received: Pdu) -> None:
        """A deliver_sm came."""
        message = deliver_sm(received)
        if message is None:
            _answer(link, received.sequence, INVALID_COMMAND_LENGTH)
            return
        came = arrived(message, self._address)
        if came is None:
            _answer(link, received.sequence, OK)
        elif self._thread is None or self._waiting.qsize() >= MOST_WAITING:
            _answer(link, received.sequence, QUEUE_FULL)
        else:
            self._waiting.put(Waiting(link, received.sequence, came))

    def _hand_over(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            try:
                while len(batch) < A_BATCH:
                    more = self._waiting.get_nowait()
                    if more is None:
                        self._waiting.put(None)
                        break
                    batch.append(more)
            except Empty:
                pass
            self._settle(batch)

    def _settle(self, batch: Sequence[Waiting]) -> None:
        """What cannot be kept is given back alone: the SMSC brings it again."""
        assert self._take is not None
        try:
            self._take([one.arrived for one in batch])
        except Exception:  # noqa: BLE001 - `take` has said why; nothing is acknowledged
            if len(batch) == 1:
                self._tell(batch, TEMPORARY_ERROR_OF_OURS)
            else:
                for one in batch:
                    self._settle([one])
        else:
            self._tell(batch, OK)

    def _tell(self, batch: Sequence[Waiting], status: int) -> None:
        def answers() -> None:
            for one in batch:
                _answer(one.link, one.sequence, status)

        self._soon(answers)

    def _soon(self, call: Callable[[], None]) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:  # the loop has ended: the SMSC brings all of it again
            return


def _answer(link: Link, sequence: int, status: int) -> None:
    link.tell(pdu(DELIVER_SM | RESPONSE, sequence, status, b"\0"))
