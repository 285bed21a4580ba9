"""A saved way to pay, from the page on which it is given until the provider has forgotten it."""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["METHOD", "MethodEvent", "MethodState"]


class MethodState(StrEnum):
    """Where a saved method stands. Only a stored one is charged."""

    STORING = "storing"
    STORED = "stored"
    REFUSED = "refused"
    FORGETTING = "forgetting"
    FORGOTTEN = "forgotten"
    ABANDONED = "abandoned"


class MethodEvent(StrEnum):
    """What moves a saved method."""

    STORE = "store"
    ABANDON = "abandon"
    REFUSE = "refuse"
    FORGET = "forget"
    FORGOTTEN = "forgotten"


S, E = MethodState, MethodEvent
METHOD: Machine[MethodState, MethodEvent] = Machine(
    name="saved method",
    initial=S.STORING,
    finals=frozenset({S.STORED, S.REFUSED, S.FORGOTTEN, S.ABANDONED}),
    transitions=(
        Transition(S.STORING, E.STORE, S.STORED, "the holder gave it to the provider"),
        Transition(S.STORING, E.ABANDON, S.ABANDONED, "the page was closed, or refused"),
        Transition(S.STORED, E.REFUSE, S.REFUSED, "it will never be charged again"),
        Transition(S.STORED, E.FORGET, S.FORGETTING, "the holder removed it"),
        Transition(S.REFUSED, E.FORGET, S.FORGETTING, "the holder removed it"),
        Transition(S.FORGETTING, E.FORGOTTEN, S.FORGOTTEN, "the provider has forgotten it"),
    ),
)
