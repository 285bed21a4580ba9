"""A payment's life at a provider. Unknown is a state, never a guess.

It ends with the money taken, or not. What goes back of it has a life of its own (refund.py).
"""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["PAYMENT", "PaymentEvent", "PaymentState"]


class PaymentState(StrEnum):
    """Where the provider's part of an order stands."""

    CREATED = "created"
    PENDING = "pending"
    UNKNOWN = "unknown"
    CAPTURED = "captured"
    DECLINED = "declined"
    EXPIRED = "expired"


class PaymentEvent(StrEnum):
    """What moves a payment."""

    OPEN = "open"
    LOSE_SIGHT = "lose_sight"
    CAPTURE = "capture"
    DECLINE = "decline"
    EXPIRE = "expire"


S, E = PaymentState, PaymentEvent
PAYMENT: Machine[PaymentState, PaymentEvent] = Machine(
    name="payment",
    initial=S.CREATED,
    finals=frozenset({S.CAPTURED, S.DECLINED, S.EXPIRED}),
    transitions=(
        Transition(S.CREATED, E.OPEN, S.PENDING, "the holder can pay"),
        Transition(S.CREATED, E.LOSE_SIGHT, S.UNKNOWN, "no answer"),
        Transition(S.PENDING, E.LOSE_SIGHT, S.UNKNOWN, "no answer"),
        Transition(S.UNKNOWN, E.OPEN, S.PENDING, "found again"),
        Transition(S.CREATED, E.CAPTURE, S.CAPTURED, "paid before the opening was answered"),
        Transition(S.PENDING, E.CAPTURE, S.CAPTURED, "paid"),
        Transition(S.UNKNOWN, E.CAPTURE, S.CAPTURED, "asked later: paid"),
        Transition(S.DECLINED, E.CAPTURE, S.CAPTURED, "the provider changed its mind"),
        Transition(S.EXPIRED, E.CAPTURE, S.CAPTURED, "paid after we believed it over"),
        Transition(S.CREATED, E.DECLINE, S.DECLINED, "refused at opening"),
        Transition(S.PENDING, E.DECLINE, S.DECLINED, "refused"),
        Transition(S.UNKNOWN, E.DECLINE, S.DECLINED, "asked later: refused"),
        Transition(S.CREATED, E.EXPIRE, S.EXPIRED, "never opened"),
        Transition(S.PENDING, E.EXPIRE, S.EXPIRED, "the checkout was closed"),
        Transition(S.UNKNOWN, E.EXPIRE, S.EXPIRED, "asked later: closed"),
    ),
)
