"""What the sandbox provider's decline codes mean for the next try."""

from typing import Final

from keepline.gateways.payments.port import DeclineKind

# Every other code, insufficient_funds and card_declined among them, may go better another day.
KINDS: Final[dict[str, DeclineKind]] = {
    "authentication_required": "approval",
    "expired_card": "final",
    "lost_card": "final",
    "method_forgotten": "final",
    "stolen_card": "final",
}


def kind_of(code: str) -> DeclineKind:
    """The kind of a decline; "" for no code, which is no decline."""
    return KINDS.get(code, "retry") if code else ""
