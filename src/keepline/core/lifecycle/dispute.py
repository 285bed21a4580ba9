"""A dispute's life: a payer's bank takes money back, and decides who keeps it."""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["DISPUTE", "DisputeEvent", "DisputeState"]


class DisputeState(StrEnum):
    """Where a dispute stands; the provider's words (gateways.payments.port)."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class DisputeEvent(StrEnum):
    """What moves a dispute: the bank's word."""

    WIN = "win"
    LOSE = "lose"


S, E = DisputeState, DisputeEvent
DISPUTE: Machine[DisputeState, DisputeEvent] = Machine(
    name="dispute",
    initial=S.OPEN,
    finals=frozenset({S.WON, S.LOST}),
    transitions=(
        Transition(S.OPEN, E.WIN, S.WON, "the money is back with us"),
        Transition(S.OPEN, E.LOSE, S.LOST, "the payer keeps it, and the service is taken back"),
    ),
)
