"""A check of who an account's holder is, made by somebody whom the operator trusts."""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["IDENTITY_CHECK", "IdentityEvent", "IdentityState"]


class IdentityState(StrEnum):
    """Where a check stands (docs/identity.md). An account without one was never asked."""

    PENDING = "pending"
    VERIFIED = "verified"
    REFUSED = "refused"
    EXPIRED = "expired"


class IdentityEvent(StrEnum):
    """What moves it."""

    VERIFY = "verify"
    REFUSE = "refuse"
    EXPIRE = "expire"


S, E = IdentityState, IdentityEvent
IDENTITY_CHECK: Machine[IdentityState, IdentityEvent] = Machine(
    name="identity_check",
    initial=S.PENDING,
    finals=frozenset({S.VERIFIED, S.REFUSED, S.EXPIRED}),
    transitions=(
        Transition(S.PENDING, E.VERIFY, S.VERIFIED, "they are who they say"),
        Transition(S.PENDING, E.REFUSE, S.REFUSED, "they could not show it; they may try again"),
        Transition(S.PENDING, E.EXPIRE, S.EXPIRED, "they did not finish in time"),
    ),
)
