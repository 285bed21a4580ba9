"""A physical SIM's life: handed out once, never back on the shelf."""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["CARD", "CardEvent", "CardState"]


class CardState(StrEnum):
    """States of a card in stock."""

    AVAILABLE = "available"
    HELD = "held"
    ASSIGNED = "assigned"
    BLOCKED = "blocked"
    RETIRED = "retired"


class CardEvent(StrEnum):
    """What moves a card."""

    HOLD = "hold"
    UNHOLD = "unhold"
    ASSIGN = "assign"
    BLOCK = "block"
    UNBLOCK = "unblock"
    RETIRE = "retire"


S, E = CardState, CardEvent
CARD: Machine[CardState, CardEvent] = Machine(
    name="card",
    initial=S.AVAILABLE,
    finals=frozenset({S.RETIRED}),
    transitions=(
        Transition(S.AVAILABLE, E.HOLD, S.HELD, "in a cart, 15 minutes"),
        Transition(S.AVAILABLE, E.ASSIGN, S.ASSIGNED, "taken over with an existing base"),
        Transition(S.AVAILABLE, E.RETIRE, S.RETIRED, "broken or lost on the shelf"),
        Transition(S.HELD, E.UNHOLD, S.AVAILABLE, "not bought"),
        Transition(S.HELD, E.ASSIGN, S.ASSIGNED, "bought"),
        Transition(S.ASSIGNED, E.BLOCK, S.BLOCKED, "lost or stolen"),
        Transition(S.ASSIGNED, E.RETIRE, S.RETIRED, "replaced, or its line ended"),
        Transition(S.BLOCKED, E.UNBLOCK, S.ASSIGNED, "found again"),
        Transition(S.BLOCKED, E.RETIRE, S.RETIRED, "replaced"),
    ),
)
