"""A compartment for each endpoint: one that hangs holds a few threads, and none of the others'.

An endpoint has at most AT_ONCE calls under way in a process; who comes then waits a moment for
room. After FAILURES in a row it rests, for longer each time; then one call tries whether it is
back. What comes while its compartment is full or rests is not tried at all, and told so: that is
nobody's try.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

AT_ONCE: Final = 4
WAITED_S: Final = 0.25  # for room, with a thread
FULL_S: Final = 1.0
FAILURES: Final = 3
FIRST_REST_S: Final = 10.0
LONGEST_REST_S: Final = 300.0
REMEMBERED: Final = 10_000


class CompartmentFull(Exception):
    """Not now. `rest_s`: after how many seconds it is worth asking again."""

    def __init__(self, rest_s: float) -> None:
        super().__init__("others are under way there, or it rests")
        self.rest_s = rest_s


@dataclass
class Compartment:
    """`failed`: in a row. `closed_until`: by the clock, while it rests."""

    under_way: int = 0
    failed: int = 0
    rest_s: float = FIRST_REST_S
    closed_until: float = 0.0


class Compartments:
    """Safe to share between threads. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Condition()
        self._known: dict[Hashable, Compartment] = {}

    @contextmanager
    def entered(self, key: Hashable, failures: tuple[type[Exception], ...]) -> Iterator[None]:
        """Room for one call there; `failures` are the exceptions by which it is seen to fail.

        Raises CompartmentFull.
        """
        self._enter(key)
        failed = False
        try:
            yield
        except failures:
            failed = True
            raise
        finally:
            self._leave(key, failed)

    def _enter(self, key: Hashable) -> None:
        with self._lock:
            if len(self._known) > REMEMBERED:
                self._forget()
            found = self._known.setdefault(key, Compartment())
            if not self._has_room(found):
                self._lock.wait_for(lambda: self._has_room(found), WAITED_S)
            if not self._has_room(found):
                raise CompartmentFull(FULL_S)
            found.under_way += 1

    def _has_room(self, found: Compartment) -> bool:
        """Raises CompartmentFull when it rests, for that takes longer."""
        rests_s = found.closed_until - self._clock()
        if rests_s > 0:
            raise CompartmentFull(rests_s)
        return found.under_way < (1 if found.failed >= FAILURES else AT_ONCE)  # a probe goes alone

    def _leave(self, key: Hashable, failed: bool) -> None:
        with self._lock:
            found = self._known[key]
            found.under_way -= 1
            self._lock.notify_all()
            if not failed:
                found.failed, found.rest_s, found.closed_until = 0, FIRST_REST_S, 0.0
                return
            found.failed += 1
            if found.failed >= FAILURES:
                found.closed_until = self._clock() + found.rest_s
                found.rest_s = min(2 * found.rest_s, LONGEST_REST_S)

    def _forget(self) -> None:
        """Those of which there is nothing to remember."""
        self._known = {
            key: each for key, each in self._known.items() if each.under_way or each.failed
        }
