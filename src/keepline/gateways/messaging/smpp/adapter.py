"""SMS through an SMSC. One session a process, in a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, Final, TypeVar

from keepline.gateways.messaging.inbound import Take
from keepline.gateways.messaging.port import SendResult, Sent
from keepline.gateways.messaging.sms import SmsMessage, the_one

from .address import SmppAddress
from .inbox import Inbox
from .keeper import Keeper
from .link import NotBound, opened
from .out import Out
from .wire import BIND_TRANSMITTER

Result = TypeVar("Result")
SECONDS_OF_WORK: Final = 20
MOST_AT_ONCE: Final = 1_000


class SmppSms:
    """See the port; safe to share between threads. Nothing is opened before it is needed."""

    name = "smpp"

    def __init__(self, url: str, sender: str) -> None:
        self._address = SmppAddress.read(url, sender)
        self._starting = threading.Lock()
        self._running: _Running | None = None

    @property
    def most_at_once(self) -> int:
        """What the agreed rate lets through in some seconds."""
        return min(self._address.rate_per_s * SECONDS_OF_WORK, MOST_AT_ONCE)

    def send(self, message: SmsMessage) -> SendResult:
        """See the port."""
        return the_one(self.send_all([message]))

    def send_all(self, messages: Sequence[SmsMessage]) -> list[Sent]:
        """See the port. Waits up to a minute."""
        if not messages:
            return []
        running = self._started()
        return running.wait_for(running.out.send_all(messages))

    def listen(self, take: Take) -> None:
        """See the port. Binds as transceiver from now on, and again whenever the bind is lost."""
        running = self._started()
        running.wait_for(running.listen(take))

    def complaints(self) -> list[str]:
        """Binds and unbinds, beside whatever else is bound."""
        try:
            asyncio.run(_bind_once(self._address))
        except NotBound as error:
            return [str(error)]
        return []

    def close(self) -> None:
        """Unbinds when what has arrived is kept."""
        with self._starting:
            running, self._running = self._running, None
        if running is not None:
            running.end()

    def _started(self) -> "_Running":
        with self._starting:
            if self._running is None:
                self._running = _Running(self._address)
            return self._running


class _Running:
    """The loop, its thread, and what lives in it."""

    def __init__(self, address: SmppAddress) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="smpp", daemon=True)
        self._thread.start()
        self.inbox = Inbox(address)
        self.keeper, self.out = self.wait_for(self._made(address))

    async def _made(self, address: SmppAddress) -> tuple[Keeper, Out]:
        keeper = Keeper(address, self.inbox.heard)
        return keeper, Out(address, keeper)

    async def listen(self, take: Take) -> None:
        self.inbox.open(take)
        self.keeper.listen()

    def wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def end(self) -> None:
        self.inbox.close()
        self.wait_for(self.keeper.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


async def _bind_once(address: SmppAddress) -> None:
    link = await opened(address, BIND_TRANSMITTER, lambda _link, _pdu: None)
    await link.leave()
