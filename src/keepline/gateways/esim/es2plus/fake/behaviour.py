"""What the fake does wrong on demand; the modes stand in docs/gateways/es2plus.md.

See gateways/bad_days.py; besides remembers_calls: whether a repeated functionCallIdentifier is
known.
"""

from dataclasses import dataclass
from typing import Final

from keepline.gateways.bad_days import SLOW, BadDays, BehaviourRefused, Day


@dataclass(frozen=True)
class Behaviour(Day):
    """The defaults are those of a good day."""

    remembers_calls: bool = True

    @property
    def refusal(self) -> tuple[str, str] | None:
        """Subject and reason code of refuse:SUBJECT/REASON, else None."""
        if not self.mode.startswith("refuse:"):
            return None
        subject, _, reason = self.mode.removeprefix("refuse:").partition("/")
        return subject, reason

    def check(self) -> None:
        if not isinstance(self.remembers_calls, bool):
            raise BehaviourRefused("remembers_calls is true or false")


DAYS: Final = BadDays(
    Behaviour,
    rf"no_answer|lost|down|{SLOW}|refuse:[\d.]{{1,15}}/[\d.]{{1,15}}",
    ("downloadOrder", "confirmOrder", "cancelOrder", "releaseProfile"),
)
