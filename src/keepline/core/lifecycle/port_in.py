"""A number's way in: a buyer brings it from another operator."""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["PORT_IN", "PortInEvent", "PortInState"]


class PortInState(StrEnum):
    """Where the way in of a number stands (docs/numbers.md)."""

    WANTED = "wanted"
    SCHEDULED = "scheduled"
    PORTED = "ported"
    GIVEN_UP = "given_up"
    RETURNING = "returning"
    RETURNED = "returned"


class PortInEvent(StrEnum):
    """What moves it."""

    SCHEDULE = "schedule"
    CUT_OVER = "cut_over"
    GIVE_UP = "give_up"
    RETURN = "return"
    TAKEN_BACK = "taken_back"


S, E = PortInState, PortInEvent
PORT_IN: Machine[PortInState, PortInEvent] = Machine(
    name="port_in",
    initial=S.WANTED,
    finals=frozenset({S.PORTED, S.GIVEN_UP, S.RETURNED}),
    transitions=(
        Transition(S.WANTED, E.SCHEDULE, S.SCHEDULED, "the other operator agrees, with a date"),
        Transition(S.WANTED, E.GIVE_UP, S.GIVEN_UP, "refused, or never paid"),
        Transition(S.SCHEDULED, E.CUT_OVER, S.PORTED, "the clearing house says that it is ours"),
        Transition(S.SCHEDULED, E.GIVE_UP, S.GIVEN_UP, "taken back before its date"),
        Transition(S.WANTED, E.RETURN, S.RETURNING, "it came without its line, and is given up"),
        Transition(S.SCHEDULED, E.RETURN, S.RETURNING, "it came without its line, and is given up"),
        Transition(S.RETURNING, E.TAKEN_BACK, S.RETURNED, "the other operator has it again"),
    ),
)
