"""Lists disputes for staff: open ones by their deadline, then those decided last."""

from collections.abc import Sequence

from keepline.payments import disputes
from keepline.payments.models import Dispute

SHOWN = 50


def list_disputes() -> Sequence[Dispute]:
    """The nearest deadline first. Two queries."""
    return disputes.latest(SHOWN)
