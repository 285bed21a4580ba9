"""No faster than the operator allows, and slower when the SMSC says so."""

import asyncio
from typing import Final

AHEAD_S: Final = 0.005  # timers are not finer
FIRST_HOLD_S: Final = 0.5
LONGEST_HOLD_S: Final = 20.0


class Pace:
    """`rate_per_s` in one process's session. Lives in one event loop."""

    def __init__(self, rate_per_s: int) -> None:
        self._step_s = 1 / rate_per_s
        self._next_s = 0.0
        self._held_until_s = 0.0
        self._hold_s = FIRST_HOLD_S

    async def turn(self) -> None:
        """Returns when the next one may go."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        if now_s < self._held_until_s:
            await asyncio.sleep(self._held_until_s - now_s)
            await self.turn()  # it may have said so again in the meantime
            return
        slot_s = max(now_s, self._next_s)
        self._next_s = slot_s + self._step_s
        if slot_s - now_s > AHEAD_S:
            await asyncio.sleep(slot_s - now_s)

    def hold(self) -> None:
        """The SMSC wants fewer: all wait, twice as long each time that it says so anew."""
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._held_until_s:  # what was under way then is told the same
            self._held_until_s = now_s + self._hold_s
            self._hold_s = min(2 * self._hold_s, LONGEST_HOLD_S)

    def calm(self) -> None:
        """The SMSC took one."""
        if asyncio.get_running_loop().time() >= self._held_until_s:
            self._hold_s = FIRST_HOLD_S
