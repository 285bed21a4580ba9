"""Amounts (in minor units, any currency) that misbehave by themselves, for tests by hand.

They stand above the global behaviour and below what is set for one payment. What each does is said
in languages/*.toml.
"""

from typing import Final

MAGIC_AMOUNTS: Final[dict[int, dict[str, object]]] = {
    66601: {"decline": "insufficient_funds"},
    66602: {"decline": "lost_card"},
    66603: {"approval": True},
    66604: {"webhook": "lost"},
    66605: {"webhook": "duplicate:3"},
    66606: {"webhook": "delay:20"},
    66607: {"refund": "refused"},
    66608: {"refund": "delay:20"},
    66609: {"browser_return": False},
    66610: {"webhook": "lost", "browser_return": False},
}


def magic_behaviour(amount_minor: int) -> dict[str, object]:
    """The behaviour that an amount carries; empty for an ordinary one."""
    return dict(MAGIC_AMOUNTS.get(amount_minor, {}))
