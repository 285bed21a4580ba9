"""An order's life (TMF622 states), and how it ends: service, or the money back."""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["ORDER", "OrderEvent", "OrderState"]


class OrderState(StrEnum):
    """TMF622's words; `withdrawn` is the promise kept (docs/renewal.md).

    `pending`: paid, and a person looks at it first (docs/fraud-limits.md).
    """

    ACKNOWLEDGED = "acknowledged"
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    HELD = "held"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


class OrderEvent(StrEnum):
    """What moves an order."""

    REVIEW = "review"
    SETTLE = "settle"
    COMPLETE = "complete"
    HOLD = "hold"
    RETRY_DELIVERY = "retry_delivery"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    CALL_OFF = "call_off"


S, E = OrderState, OrderEvent
ORDER: Machine[OrderState, OrderEvent] = Machine(
    name="order",
    initial=S.ACKNOWLEDGED,
    finals=frozenset({S.COMPLETED, S.FAILED, S.CANCELLED, S.WITHDRAWN}),
    transitions=(
        Transition(S.ACKNOWLEDGED, E.SETTLE, S.IN_PROGRESS, "the money is there"),
        Transition(S.ACKNOWLEDGED, E.COMPLETE, S.COMPLETED, "nothing to do in the network"),
        Transition(S.ACKNOWLEDGED, E.CANCEL, S.CANCELLED, "never paid"),
        Transition(S.ACKNOWLEDGED, E.REJECT, S.FAILED, "paid, but the line cannot be renewed"),
        Transition(S.ACKNOWLEDGED, E.REVIEW, S.PENDING, "paid, and a person looks at it first"),
        Transition(S.PENDING, E.SETTLE, S.IN_PROGRESS, "staff let it pass"),
        Transition(S.PENDING, E.COMPLETE, S.COMPLETED, "staff let it pass, no network to tell"),
        Transition(
            S.PENDING,
            E.REJECT,
            S.FAILED,
            "staff refused it, nobody looked in time, or a bank has it",
        ),
        Transition(S.IN_PROGRESS, E.COMPLETE, S.COMPLETED, "the network confirmed"),
        Transition(S.IN_PROGRESS, E.HOLD, S.HELD, "the network did not answer"),
        Transition(S.IN_PROGRESS, E.REJECT, S.FAILED, "the network refused"),
        Transition(S.IN_PROGRESS, E.CALL_OFF, S.CANCELLED, "its buyer wants it no more"),
        Transition(S.IN_PROGRESS, E.WITHDRAW, S.WITHDRAWN, "the promised instant passed"),
        Transition(S.HELD, E.RETRY_DELIVERY, S.IN_PROGRESS, "the network never saw it"),
        Transition(S.HELD, E.COMPLETE, S.COMPLETED, "asked later: applied"),
        Transition(S.HELD, E.REJECT, S.FAILED, "asked later: refused"),
        Transition(S.HELD, E.CALL_OFF, S.CANCELLED, "its buyer wants it no more"),
        Transition(S.HELD, E.WITHDRAW, S.WITHDRAWN, "the promised instant passed"),
    ),
)
