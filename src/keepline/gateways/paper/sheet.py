"""What stands on a sheet of paper, in words: who draws it knows neither languages nor orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from keepline.core.lifeline import Lifeline


class Row(NamedTuple):
    """A name and its value, in one line; `strong`: it is what is looked for first."""

    name: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A lifeline as it stood then; `marks`: two or more texts beneath, from left to right."""

    lifeline: Lifeline
    marks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page, from top to bottom. `rule` and `foot` stand at its end; "" for none. `language`
    (zh-hans) chooses its letters."""

    language: str
    title: str
    dated: str
    facts: Sequence[Row]
    picture: Picture | None
    amounts: Sequence[Row]
    rule: str
    foot: str
