"""What the fake does wrong on demand; the modes stand in docs/gateways/es2plus.md.

As JSON, all fields optional: mode, on (any or a function's name), times (how many calls, null for
all), remembers_calls (whether a repeated functionCallIdentifier is known).
"""

import json
import re
import sqlite3
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

MODE: Final = re.compile(
    r"normal|no_answer|lost|down|slow:\d{1,3}(?:\.\d+)?|refuse:[\d.]{1,15}/[\d.]{1,15}", re.ASCII
)
FUNCTIONS: Final = ("downloadOrder", "confirmOrder", "cancelOrder", "releaseProfile")


class BehaviourRefused(ValueError):
    """A behaviour that does not exist; the message names the field."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The defaults are those of a good day."""

    mode: str = "normal"
    on: str = "any"
    times: int | None = None
    remembers_calls: bool = True

    @property
    def slow_s(self) -> float:
        """The S of slow:S, else 0."""
        return float(self.mode.removeprefix("slow:")) if self.mode.startswith("slow:") else 0.0

    @property
    def refusal(self) -> tuple[str, str] | None:
        """Subject and reason code of refuse:SUBJECT/REASON, else None."""
        if not self.mode.startswith("refuse:"):
            return None
        subject, _, reason = self.mode.removeprefix("refuse:").partition("/")
        return subject, reason


def checked(content: Any) -> Behaviour:
    """`content` as a behaviour; BehaviourRefused when it is none."""
    if not isinstance(content, dict):
        raise BehaviourRefused("a behaviour is a JSON object")
    try:
        behaviour = Behaviour(**content)
    except TypeError as error:
        raise BehaviourRefused(str(error)) from None
    times = behaviour.times
    if not isinstance(behaviour.mode, str) or not MODE.fullmatch(behaviour.mode):
        raise BehaviourRefused("mode is not one that there is")
    if behaviour.on not in ("any", *FUNCTIONS):
        raise BehaviourRefused(f"on is any, or one of {', '.join(FUNCTIONS)}")
    if times is not None and (type(times) is not int or times < 1):
        raise BehaviourRefused("times is a whole number, or null")
    if not isinstance(behaviour.remembers_calls, bool):
        raise BehaviourRefused("remembers_calls is true or false")
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


def for_call(store: sqlite3.Connection, function: str) -> Behaviour:
    """The behaviour for one call of `function`; counts it off where `times` was set."""
    behaviour = current(store)
    if behaviour.mode == "normal" or behaviour.on not in ("any", function):
        return replace(behaviour, mode="normal")
    if behaviour.times is not None:
        left = behaviour.times - 1
        put(
            store, replace(behaviour, times=left or None, mode=behaviour.mode if left else "normal")
        )
    return behaviour
