"""A number's life: one holder at a time, a rest between two of them."""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["NUMBER", "NumberEvent", "NumberState"]


class NumberState(StrEnum):
    """States of an E.164 number in stock."""

    AVAILABLE = "available"
    HELD = "held"
    ASSIGNED = "assigned"
    RECALL = "recall"
    QUARANTINE = "quarantine"
    RETIRED = "retired"
    PORTED_OUT = "ported_out"
    EXPECTED = "expected"


class NumberEvent(StrEnum):
    """What moves a number."""

    HOLD = "hold"
    UNHOLD = "unhold"
    ASSIGN = "assign"
    RECALL = "recall"
    WITHDRAW = "withdraw"
    RECLAIM = "reclaim"
    FREE = "free"
    RETIRE = "retire"
    PORT_OUT = "port_out"
    PORT_BACK = "port_back"
    EXPECT = "expect"
    ARRIVE = "arrive"
    GIVE_UP = "give_up"


S, E = NumberState, NumberEvent
NUMBER: Machine[NumberState, NumberEvent] = Machine(
    name="number",
    initial=S.AVAILABLE,
    finals=frozenset({S.RETIRED, S.PORTED_OUT}),
    transitions=(
        Transition(S.AVAILABLE, E.HOLD, S.HELD, "in a cart, 15 minutes"),
        Transition(S.AVAILABLE, E.ASSIGN, S.ASSIGNED, "taken over with an existing base"),
        Transition(S.AVAILABLE, E.RETIRE, S.RETIRED, "given back to the numbering plan"),
        Transition(S.HELD, E.UNHOLD, S.AVAILABLE, "not bought"),
        Transition(S.HELD, E.ASSIGN, S.ASSIGNED, "bought"),
        Transition(S.ASSIGNED, E.WITHDRAW, S.QUARANTINE, "its line ended"),
        Transition(S.ASSIGNED, E.RECALL, S.RECALL, "wanted back by the carrier"),
        Transition(S.ASSIGNED, E.PORT_OUT, S.PORTED_OUT, "went with its holder"),
        Transition(S.RECALL, E.WITHDRAW, S.QUARANTINE, "its line ended"),
        Transition(S.QUARANTINE, E.RECLAIM, S.ASSIGNED, "the last holder, in the window"),
        Transition(S.QUARANTINE, E.FREE, S.AVAILABLE, "rested, and its data erased"),
        Transition(S.QUARANTINE, E.RETIRE, S.RETIRED, "given back"),
        Transition(S.PORTED_OUT, E.PORT_BACK, S.QUARANTINE, "came home"),
        Transition(S.PORTED_OUT, E.EXPECT, S.EXPECTED, "a buyer brings it along"),
        Transition(S.EXPECTED, E.ARRIVE, S.ASSIGNED, "it came with its holder"),
        Transition(S.EXPECTED, E.GIVE_UP, S.PORTED_OUT, "it stays with the other operator"),
    ),
)
