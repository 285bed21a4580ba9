"""The ids of the transfers that an order may have made: they follow from its steps."""

from collections.abc import Iterable
from uuid import UUID

from keepline.core.ids import derived_id
from keepline.core.postings import PARTS, Phase

__all__ = ["transfer_ids"]

ORDER_STEPS = ("capture", "exchange", "sale", "tax", "fee")
SALE_STEPS = ("deferred", "revenue", "tax", "earned")
REFUND_STEPS = (*SALE_STEPS, "exchange", "refund", "refunded", "kept", "bounced")
DISPUTE_STEPS = (
    *(*SALE_STEPS, "disputed", "won", "loss", "lost", "returned"),
    *(Phase.HOLD, Phase.POST, Phase.VOID),
)


def transfer_ids(
    order_id: UUID, refund_ids: Iterable[UUID], dispute_ids: Iterable[UUID] = ()
) -> list[UUID]:
    """The ids of all transfers that an order, its refunds and its disputes may have made."""
    holds = [f"{phase}:{part}" for phase in (Phase.HOLD, Phase.POST, Phase.VOID) for part in PARTS]
    of_refunds = [f"{step}:{refund_id}" for refund_id in refund_ids for step in REFUND_STEPS]
    of_disputes = [f"{step}:{row_id}" for row_id in dispute_ids for step in DISPUTE_STEPS]
    purposes = (*ORDER_STEPS, *holds, *of_refunds, *of_disputes)
    return [derived_id(order_id, purpose) for purpose in purposes]
