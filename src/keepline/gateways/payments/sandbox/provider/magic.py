"""Amounts (in minor units, any currency) that misbehave by themselves, for tests by hand.

They stand above the global behaviour and below what is set for one payment.
"""

from typing import Final

MAGIC_AMOUNTS: Final[dict[int, tuple[dict[str, object], str]]] = {
    66601: ({"decline": "insufficient_funds"}, "declined: insufficient funds"),
    66602: ({"decline": "lost_card"}, "declined for good: the card is reported lost"),
    66603: ({"approval": True}, "always asks for the bank's approval"),
    66604: ({"webhook": "lost"}, "the webhook is lost, the browser returns"),
    66605: ({"webhook": "duplicate:3"}, "each webhook is sent three times"),
    66606: ({"webhook": "delay:20"}, "the webhook comes 20 seconds late"),
    66607: ({"refund": "refused"}, "refunds are refused"),
    66608: ({"refund": "delay:20"}, "refunds stay pending for 20 seconds"),
    66609: ({"browser_return": False}, "the browser does not return after paying"),
    66610: ({"webhook": "lost", "browser_return": False}, "neither webhook nor browser return"),
}


def magic_behaviour(amount_minor: int) -> dict[str, object]:
    """The behaviour that an amount carries; empty for an ordinary one."""
    return dict(MAGIC_AMOUNTS[amount_minor][0]) if amount_minor in MAGIC_AMOUNTS else {}
