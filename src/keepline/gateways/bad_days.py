"""What fakes do wrong on demand: how it is said, checked and kept.

As JSON, all fields optional: mode, on (any or an act's name), times (how many calls, null for all),
and what else the fake's own kind of day has; that is kept on good days as well. The fake's store
has a table `behaviour (only, content)`.
"""

import json
import re
import sqlite3
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Generic, TypeVar

SLOW: Final = r"slow:\d{1,3}(?:\.\d+)?"


class BehaviourRefused(ValueError):
    """A behaviour that does not exist; the message names the field."""


@dataclass(frozen=True)
class Day:
    """The defaults are those of a good day."""

    mode: str = "normal"
    on: str = "any"
    times: int | None = None

    @property
    def slow_s(self) -> float:
        """The S of slow:S, else 0."""
        return float(self.mode.removeprefix("slow:")) if self.mode.startswith("slow:") else 0.0

    def check(self) -> None:
        """What a fake's own kind of day has besides. Raises BehaviourRefused."""


DayT = TypeVar("DayT", bound=Day)


class BadDays(Generic[DayT]):
    """The days of one fake. `modes`: beside normal; `acts`: the calls that may go wrong."""

    def __init__(self, kind: type[DayT], modes: str, acts: tuple[str, ...]) -> None:
        self.acts, self._kind = acts, kind
        self._mode = re.compile(f"normal|{modes}", re.ASCII)

    def checked(self, content: Any) -> DayT:
        """`content` as a day; BehaviourRefused when it is none."""
        if not isinstance(content, dict):
            raise BehaviourRefused("a behaviour is a JSON object")
        try:
            day = self._kind(**content)
        except TypeError as error:
            raise BehaviourRefused(str(error)) from None
        if not isinstance(day.mode, str) or not self._mode.fullmatch(day.mode):
            raise BehaviourRefused("mode is not one that there is")
        if day.on not in ("any", *self.acts):
            raise BehaviourRefused(f"on is any, or one of {', '.join(self.acts)}")
        if day.times is not None and (type(day.times) is not int or day.times < 1):
            raise BehaviourRefused("times is a whole number, or null")
        day.check()
        return day

    def current(self, store: sqlite3.Connection) -> DayT:
        """The day in force."""
        row = store.execute("SELECT content FROM behaviour").fetchone()
        return self._kind(**json.loads(row["content"])) if row else self._kind()

    def put(self, store: sqlite3.Connection, day: DayT) -> None:
        """Puts a day in force."""
        store.execute(
            "INSERT OR REPLACE INTO behaviour (only, content) VALUES (1, ?)",
            (json.dumps(asdict(day)),),
        )

    def for_call(self, store: sqlite3.Connection, act: str) -> DayT:
        """The day for one call of `act`; counts it off where `times` was set."""
        day = self.current(store)
        if day.mode == "normal" or day.on not in ("any", act):
            return replace(day, mode="normal")
        if day.times is not None:
            left = day.times - 1
            self.put(store, replace(day, times=left or None, mode=day.mode if left else "normal"))
        return day
