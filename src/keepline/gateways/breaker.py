"""A breaker before a network element: one that is down is asked now and then, not by everybody.

After SILENCES in a row it is open: for a pause every call is answered at once as a silence is, and
nothing is sent. Then one call goes through as a probe, and all others wait for what becomes of it:
an answer closes the breaker, a silence opens it again for twice as long, up to LONGEST_PAUSE_S. At
most AT_ONCE calls are under way at a time, so that an element that comes back is not flooded by all
that waited for it.

Each process has breakers of its own; what they found is told to the others on the switchboard's
notice board (`switchboard.is_down`). No library is taken: those that there are hold a lock around
the call, read the wall clock by themselves, and know nothing of answers that are lists.
"""

import threading
import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, Literal

SILENCES: Final = 3
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 60.0
AT_ONCE: Final = 4
# These ask nobody to act, or are for whoever wants to know how the element itself does.
LET_THROUGH: Final = frozenset({"close", "complaints", "event_of", "read_callback"})
ANSWER_LISTS: Final = frozenset({"apply_many", "ask_many"})  # silences are in them, not raised

Way = Literal["call", "probe"]


class Breaker:
    """Stands for `adapter`, whatever its port has; safe to share between threads.

    `unknown` is the port's exception for a silence. `announce` is told for how many seconds the
    element counts as down, 0 when it is up again. `clock` gives seconds that only grow.
    """

    def __init__(
        self,
        adapter: Any,
        unknown: type[Exception],
        announce: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._adapter = adapter
        self._unknown = unknown
        self._announce = announce
        self._clock = clock
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._silences = 0
        self._pause_s = FIRST_PAUSE_S
        self._open_until: float | None = None
        self._probing = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._adapter, name)
        if name in LET_THROUGH or not callable(found):
            return found
        return self._many(found) if name in ANSWER_LISTS else self._one(found)

    def _one(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def called(*arguments: Any, **named: Any) -> Any:
            way = self._enter()
            if isinstance(way, Exception):
                raise way
            return self._watched(way, lambda: call(*arguments, **named), lambda _: False)

        return called

    def _many(self, call: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        @wraps(call)
        def called(operations: Sequence[Any]) -> list[Any]:
            if not operations:
                return []
            way = self._enter()
            if isinstance(way, Exception):
                return [way] * len(operations)
            return list(self._watched(way, lambda: call(operations), self._all_silent))

        return called

    def _all_silent(self, answers: list[Any]) -> bool:
        return all(isinstance(answer, self._unknown) for answer in answers)

    def _enter(self) -> Way | Exception:
        """Who may call, or what everybody else is told."""
        with self._lock:
            if self._open_until is None:
                return "call"
            if not self._probing and self._clock() >= self._open_until:
                self._probing = True
                return "probe"
        return self._unknown(f"{self._adapter.name} gave no answer lately and is not asked now")

    def _watched(self, way: Way, call: Callable[[], Any], is_silence: Callable[[Any], bool]) -> Any:
        silent: bool | None = None  # a mistake of ours says nothing about the element
        try:
            with self._places:
                answer = call()
            silent = is_silence(answer)
        except self._unknown:
            silent = True
            raise
        finally:
            down_s = self._noted(way, silent)
            if down_s is not None:
                self._announce(down_s)
        return answer

    def _noted(self, way: Way, silent: bool | None) -> float | None:
        """What there is to announce."""
        with self._lock:
            if way == "probe":
                self._probing = False
            was_open = self._open_until is not None
            if silent is None:
                return None
            if not silent:
                self._silences, self._pause_s, self._open_until = 0, FIRST_PAUSE_S, None
                return 0.0 if was_open else None
            self._silences += 1
            if (was_open and way == "call") or (not was_open and self._silences < SILENCES):
                return None  # it began before the breaker opened; or it is too early to say
            self._open_until = self._clock() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
            return 2 * self._pause_s  # beyond the next probe, which says what is true then
