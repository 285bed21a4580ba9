"""One connection to an SMSC: questions and their answers, and what it asks of us."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final

from .address import SmppAddress
from .statuses import INVALID_COMMAND, OK, name_of, why_no_bind
from .wire import (
    ALERT_NOTIFICATION,
    DELIVER_SM,
    ENQUIRE_LINK,
    GENERIC_NACK,
    LAST_SEQUENCE,
    RESPONSE,
    UNBIND,
    Framer,
    NoPdu,
    Pdu,
    bind,
    pdu,
)

LOOK_EVERY_S: Final = 1.0
GOOD_BYE_S: Final = 2.0


class NotBound(Exception):
    """There is no bind, and why, in words."""


class Unanswered(Exception):
    """A PDU went out and no answer came: nobody knows what became of it."""


class Link(asyncio.Protocol):
    """`heard` gets each deliver_sm, and answers it with `tell` when it likes.

    Lives in one event loop; nothing of it may be called from another thread.
    """

    def __init__(self, address: SmppAddress, heard: Callable[["Link", Pdu], None]) -> None:
        loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.used_at_s = loop.time()
        self._loop = loop
        self._address = address
        self._heard = heard
        self._heard_at_s = loop.time()
        self._framer = Framer()
        self._answers: dict[int, tuple[asyncio.Future[Pdu], float]] = {}
        self._sequence = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard_at_s = self._loop.time()
        try:
            for received in self._framer.feed(data):
                self._take(received)
        except NoPdu:
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        waiting, self._answers = self._answers, {}
        for answer, _ in waiting.values():
            if not answer.done():
                answer.set_exception(Unanswered("the connection was lost"))
        if not self.closed.done():
            self.closed.set_result(None)

    @property
    def is_open(self) -> bool:
        return not self.closed.done() and bool(self._transport) and not self._is_closing()

    def _is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    async def ask(self, build: Callable[[int], bytes]) -> Pdu:
        """Sends what `build` makes for a sequence number; its answer.

        Raises NotBound, when nothing was sent, or Unanswered.
        """
        if self._is_closing():
            raise NotBound("the connection to the SMSC was lost")
        self._sequence = self._sequence % LAST_SEQUENCE + 1
        sequence = self._sequence
        answer: asyncio.Future[Pdu] = self._loop.create_future()
        self._answers[sequence] = (answer, self._loop.time() + self._address.timeout_s)
        self.used_at_s = self._loop.time()
        self.tell(build(sequence))
        return await answer

    def tell(self, octets: bytes) -> None:
        """Sends, while there is somebody to send to."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    def drop(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    async def leave(self) -> None:
        """Unbinds (4.2), and ends the connection whatever is answered."""
        try:
            async with asyncio.timeout(GOOD_BYE_S):
                await self.ask(lambda sequence: pdu(UNBIND, sequence))
        except (NotBound, Unanswered, TimeoutError):
            pass
        self.drop()

    async def watch(self, idle_s: float | None) -> bool:
        """Until it is closed: gives up what is not answered in time, asks whether anybody is there
        when all is quiet (4.11), and leaves when nobody sent anything for `idle_s`: True then."""
        while not self.closed.done():
            await asyncio.wait([self.closed], timeout=LOOK_EVERY_S)
            now_s = self._loop.time()
            self._give_up(now_s)
            if idle_s is not None and now_s - self.used_at_s > idle_s and not self._answers:
                await self.leave()
                return True
            if now_s - self._heard_at_s > self._address.enquire_s and self.is_open:
                await self._enquire()
        return False

    async def _enquire(self) -> None:
        try:
            async with asyncio.timeout(self._address.timeout_s):
                await self.ask(lambda sequence: pdu(ENQUIRE_LINK, sequence))
        except (NotBound, Unanswered, TimeoutError):
            self.drop()

    def _give_up(self, now_s: float) -> None:
        late = [sequence for sequence, (_, until_s) in self._answers.items() if until_s < now_s]
        for sequence in late:
            answer, _ = self._answers.pop(sequence)
            if not answer.done():
                answer.set_exception(Unanswered("no answer came in time"))

    def _take(self, received: Pdu) -> None:
        if received.is_response:
            self._answered(received)
        elif received.command == DELIVER_SM:
            self._heard(self, received)
        elif received.command == ENQUIRE_LINK:
            self.tell(pdu(ENQUIRE_LINK | RESPONSE, received.sequence))
        elif received.command == UNBIND:
            self.tell(pdu(UNBIND | RESPONSE, received.sequence))
            if self._transport is not None:
                self._transport.close()
        elif received.command != ALERT_NOTIFICATION:  # which wants no answer (4.12)
            self.tell(pdu(GENERIC_NACK, received.sequence, INVALID_COMMAND))

    def _answered(self, received: Pdu) -> None:
        waiting = self._answers.pop(received.sequence, None)
        if waiting is not None and not waiting[0].done():
            waiting[0].set_result(received)


def tls_of(address: SmppAddress) -> ssl.SSLContext | None:
    """Believes the authorities of `ca`, else those of the system; None without TLS.

    Raises OSError for a file that cannot be read.
    """
    if not address.tls:
        return None
    context = ssl.create_default_context(cafile=address.authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def opened(address: SmppAddress, command: int, heard: Callable[[Link, Pdu], None]) -> Link:
    """A bound link. Raises NotBound."""
    loop = asyncio.get_running_loop()
    where = f"{address.host}:{address.port}"
    try:
        async with asyncio.timeout(address.timeout_s):
            _, link = await loop.create_connection(
                lambda: Link(address, heard), address.host, address.port, ssl=tls_of(address)
            )
    except TimeoutError:
        raise NotBound(f"{where} does not answer") from None
    except ssl.SSLError as error:
        raise NotBound(f"{where} shows no certificate that is believed: {error.reason}") from None
    except OSError as error:
        hint = "does it speak TLS?" if address.tls else type(error).__name__
        raise NotBound(f"{where} cannot be reached: {error.strerror or hint}") from None
    try:
        async with asyncio.timeout(address.timeout_s):
            answer = await link.ask(lambda sequence: bind(command, sequence, address))
    except (NotBound, Unanswered, TimeoutError):
        link.drop()
        raise NotBound(f"{where} takes connections and answers no bind: is it an SMSC?") from None
    if answer.status != OK or answer.command != command | RESPONSE:
        link.drop()
        why = why_no_bind(answer.status) if answer.status else name_of(answer.status)
        raise NotBound(why)
    return link
