"""Named boundaries at which a test may kill the provider, as a power cut would.

KEEPLINE_CRASH_AT=NAME kills the process by SIGKILL when it reaches the boundary NAME. Without
the variable nothing happens. The names begin with `provider.`, so that other processes started
with the same environment ignore them.
"""

import os
import signal
from typing import Final

PAYMENT_STORED: Final = "provider.payment_stored"
PAYMENT_CAPTURED: Final = "provider.payment_captured"
WEBHOOK_SENT: Final = "provider.webhook_sent"
REFUND_STORED: Final = "provider.refund_stored"
METHOD_STORED: Final = "provider.method_stored"
CHARGE_STORED: Final = "provider.charge_stored"
DISPUTE_STORED: Final = "provider.dispute_stored"

CRASH_POINTS: Final[dict[str, str]] = {
    PAYMENT_STORED: "a new payment is stored, its opening not yet answered",
    PAYMENT_CAPTURED: "the money is taken and the webhook stored, nothing sent or answered",
    WEBHOOK_SENT: "a webhook was delivered and acknowledged, but not yet marked as such",
    REFUND_STORED: "a refund is stored, not yet answered",
    METHOD_STORED: "a way to pay is kept, the payer not yet sent back",
    CHARGE_STORED: "a kept method was charged and the webhook stored, not yet answered",
    DISPUTE_STORED: "a dispute is opened and its webhook stored, not yet answered",
}


def crash_point(name: str) -> None:
    """Dies here, without any clean-up, if the environment asks for it.

    Raises KeyError for a name that is not in CRASH_POINTS: an unlisted boundary would never be
    tested.
    """
    CRASH_POINTS[name]
    if os.environ.get("KEEPLINE_CRASH_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
