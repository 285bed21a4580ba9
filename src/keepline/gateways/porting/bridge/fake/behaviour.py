"""What the fake does wrong on demand; the modes stand in docs/gateways/porting.md.

See gateways/bad_days.py; besides notice_s: how far ahead `elsewhere` sets the cut-over.
"""

from dataclasses import dataclass
from typing import Final

from keepline.gateways.bad_days import SLOW, BadDays, BehaviourRefused, Day
from keepline.gateways.fake_bridge import MODES


@dataclass(frozen=True)
class Behaviour(Day):
    """The defaults are those of a good day."""

    notice_s: float = 60.0

    def check(self) -> None:
        if type(self.notice_s) not in (int, float) or self.notice_s < 0:
            raise BehaviourRefused("notice_s is seconds, 0 or more")


DAYS: Final = BadDays(
    Behaviour,
    f"{MODES}|{SLOW}",
    ("request", "requests", "ask", "accept", "reject", "cancel", "cut-over", "return"),
)
