"""What the fake does wrong on demand; the modes stand in docs/gateways/porting.md.

As JSON, all fields optional: mode, on (any or an act's name), times (how many calls, null for all),
notice_s (how far ahead `elsewhere` sets the cut-over, kept on good days as well).
"""

import json
import re
import sqlite3
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

MODE: Final = re.compile(r"normal|no_answer|lost|down|odd|slow:\d{1,3}(?:\.\d+)?", re.ASCII)
ACTS: Final = ("request", "requests", "ask", "accept", "reject", "cancel", "cut-over")


class BehaviourRefused(ValueError):
    """A behaviour that does not exist; the message names the field."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The defaults are those of a good day."""

    mode: str = "normal"
    on: str = "any"
    times: int | None = None
    notice_s: float = 60.0

    @property
    def slow_s(self) -> float:
        """The S of slow:S, else 0."""
        return float(self.mode.removeprefix("slow:")) if self.mode.startswith("slow:") else 0.0


def checked(content: Any) -> Behaviour:
    """`content` as a behaviour; BehaviourRefused when it is none."""
    if not isinstance(content, dict):
        raise BehaviourRefused("a behaviour is a JSON object")
    try:
        behaviour = Behaviour(**content)
    except TypeError as error:
        raise BehaviourRefused(str(error)) from None
    if not isinstance(behaviour.mode, str) or not MODE.fullmatch(behaviour.mode):
        raise BehaviourRefused("mode is not one that there is")
    if behaviour.on not in ("any", *ACTS):
        raise BehaviourRefused(f"on is any, or one of {', '.join(ACTS)}")
    if behaviour.times is not None and (type(behaviour.times) is not int or behaviour.times < 1):
        raise BehaviourRefused("times is a whole number, or null")
    if type(behaviour.notice_s) not in (int, float) or behaviour.notice_s < 0:
        raise BehaviourRefused("notice_s is seconds, 0 or more")
    return behaviour


def current(store: sqlite3.Connection) -> Behaviour:
    """The behaviour in force."""
    row = store.execute("SELECT content FROM behaviour").fetchone()
    return Behaviour(**json.loads(row["content"])) if row else Behaviour()


def put(store: sqlite3.Connection, behaviour: Behaviour) -> None:
    """Puts a behaviour in force."""
    store.execute(
        "INSERT OR REPLACE INTO behaviour (only, content) VALUES (1, ?)",
        (json.dumps(asdict(behaviour)),),
    )


def for_call(store: sqlite3.Connection, act: str) -> Behaviour:
    """The behaviour for one call of `act`; counts it off where `times` was set."""
    behaviour = current(store)
    if behaviour.mode == "normal" or behaviour.on not in ("any", act):
        return replace(behaviour, mode="normal")
    if behaviour.times is not None:
        left = behaviour.times - 1
        mode = behaviour.mode if left else "normal"
        put(store, replace(behaviour, times=left or None, mode=mode))
    return behaviour
