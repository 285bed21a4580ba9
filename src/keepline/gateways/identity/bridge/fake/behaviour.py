"""What the fake does wrong on demand; the modes stand in docs/gateways/identity.md.

See gateways/bad_days.py; besides tells: whether it tells a result by itself.
"""

from dataclasses import dataclass
from typing import Final

from keepline.gateways.bad_days import SLOW, BadDays, BehaviourRefused, Day
from keepline.gateways.fake_bridge import MODES


@dataclass(frozen=True)
class Behaviour(Day):
    """The defaults are those of a good day."""

    tells: bool = True

    def check(self) -> None:
        if not isinstance(self.tells, bool):
            raise BehaviourRefused("tells is true or false")


DAYS: Final = BadDays(Behaviour, f"{MODES}|{SLOW}", ("start", "ask"))
