"""Keeps one bind: comes back after every loss, with growing pauses."""

import asyncio
from collections.abc import Callable
from typing import Final

from .address import SmppAddress
from .link import Link, NotBound, opened
from .wire import BIND_TRANSCEIVER, BIND_TRANSMITTER, Pdu

FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 60.0
STEADY_AFTER_S: Final = 20.0
IDLE_S: Final = 60.0
PATIENCE_S: Final = 10.0


class Keeper:
    """Who listens binds as transceiver and stays. Who only sends binds as transmitter when there is
    something to send, and leaves after a minute of nothing. Lives in one event loop."""

    def __init__(self, address: SmppAddress, heard: Callable[[Link, Pdu], None]) -> None:
        self._address = address
        self._heard = heard
        self._listens = False
        self._link: Link | None = None
        self._settled = asyncio.Event()  # there is a link, or it is known why there is none
        self._why = "the SMSC was not reached yet"
        self._task: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """From now on as transceiver."""
        self._listens = True
        if self._link is not None:
            self._link.drop()
        self._begin()

    async def link(self, patience_s: float = PATIENCE_S) -> Link:
        """The bound link; waits for one that is being made. Raises NotBound."""
        if self._link is not None and not self._link.is_open:
            self._gone()
        self._begin()
        try:
            async with asyncio.timeout(patience_s):
                await self._settled.wait()
        except TimeoutError:
            raise NotBound(self._why) from None
        if self._link is None:
            raise NotBound(self._why)
        return self._link

    async def close(self) -> None:
        """Unbinds and stays away until it is asked again."""
        self._listens = False
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        if self._link is not None:
            await self._link.leave()
            self._gone()

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._settled.clear()
            self._task = asyncio.get_running_loop().create_task(self._keep())

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = FIRST_PAUSE_S
        while True:
            began_s = loop.time()
            listens = self._listens
            try:
                link = await opened(
                    self._address, BIND_TRANSCEIVER if listens else BIND_TRANSMITTER, self._heard
                )
            except NotBound as error:
                self._why = str(error)
                self._settled.set()
            else:
                self._link = link
                self._settled.set()
                was_idle = await link.watch(None if listens else IDLE_S)
                self._gone()
                if was_idle and not self._listens:
                    return
                if loop.time() - began_s > STEADY_AFTER_S:
                    pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _gone(self) -> None:
        self._settled.clear()
        self._link = None
        self._why = "the connection to the SMSC was lost"
