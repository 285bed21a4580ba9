"""A number's way out: its holder gets a code, another operator comes with it, the number goes."""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["PORT_OUT", "PortOutEvent", "PortOutState"]


class PortOutState(StrEnum):
    """Where the way out of a line's number stands (docs/numbers.md)."""

    OPEN = "open"
    LEAVING = "leaving"
    PORTED = "ported"
    STAYED = "stayed"
    REVOKED = "revoked"
    LAPSED = "lapsed"


class PortOutEvent(StrEnum):
    """What moves it."""

    REQUEST = "request"
    REVOKE = "revoke"
    LAPSE = "lapse"
    CUT_OVER = "cut_over"
    STAY = "stay"


S, E = PortOutState, PortOutEvent
PORT_OUT: Machine[PortOutState, PortOutEvent] = Machine(
    name="port_out",
    initial=S.OPEN,
    finals=frozenset({S.PORTED, S.STAYED, S.REVOKED, S.LAPSED}),
    transitions=(
        Transition(S.OPEN, E.REQUEST, S.LEAVING, "another operator came with the code"),
        Transition(S.OPEN, E.REVOKE, S.REVOKED, "by the holder, or after too many wrong codes"),
        Transition(S.OPEN, E.LAPSE, S.LAPSED, "the code was not used in its time"),
        Transition(S.LEAVING, E.CUT_OVER, S.PORTED, "the clearing house says that it is theirs"),
        Transition(S.LEAVING, E.STAY, S.STAYED, "the holder or the recipient thought better"),
    ),
)
