"""A refund's life: asked for, sent by the provider, or put into the wallet."""

from enum import StrEnum

from keepline.core.lifecycle.machine import Machine, Transition

__all__ = ["REFUND", "RefundEvent", "RefundState"]


class RefundState(StrEnum):
    """Where money that goes back stands (docs/refunds.md)."""

    REQUESTED = "requested"
    SENDING = "sending"
    REFUNDED = "refunded"
    TO_WALLET = "to_wallet"
    REJECTED = "rejected"


class RefundEvent(StrEnum):
    """What moves a refund."""

    SEND = "send"
    CONFIRM = "confirm"
    PUT_IN_WALLET = "put_in_wallet"
    REJECT = "reject"
    BOUNCE = "bounce"


S, E = RefundState, RefundEvent
REFUND: Machine[RefundState, RefundEvent] = Machine(
    name="refund",
    initial=S.REQUESTED,
    finals=frozenset({S.REFUNDED, S.TO_WALLET, S.REJECTED}),
    transitions=(
        Transition(S.REQUESTED, E.SEND, S.SENDING, "allowed: the provider is asked"),
        Transition(S.REQUESTED, E.PUT_IN_WALLET, S.TO_WALLET, "allowed: nothing for a provider"),
        Transition(S.REQUESTED, E.REJECT, S.REJECTED, "a second person said no"),
        Transition(
            S.SENDING, E.CONFIRM, S.REFUNDED, "the provider gave it back, or the payer's bank"
        ),
        Transition(S.SENDING, E.PUT_IN_WALLET, S.TO_WALLET, "the provider would not"),
        Transition(S.REFUNDED, E.BOUNCE, S.TO_WALLET, "it came back to the provider later"),
    ),
)
