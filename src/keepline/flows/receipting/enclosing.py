"""What goes along with a letter: the receipt of the order that it tells of."""

from collections.abc import Collection

import structlog

from keepline.flows.receipting import paper
from keepline.flows.show_receipt import Receipt
from keepline.gateways.messaging.port import Attachment

# They tell that an order was carried out.
TELL_OF_SALES = frozenset(
    {
        "line.renewed",
        "line.bought",
        "wallet.topped_up",
        "number.reclaimed",
        "number.changed",
        "sim.swapped",
        "carrier.switched",
    }
)
log = structlog.get_logger(__name__)


def tells_of_sale(kinds: Collection[str]) -> bool:
    """Whether a letter of any of these kinds has a receipt with it."""
    return not TELL_OF_SALES.isdisjoint(kinds)


def enclosed(receipt: Receipt | None, language: str, zone: str) -> tuple[Attachment, ...]:
    """The receipt as PDF, in the reader's language and zone; nothing where there is none.

    One that cannot be drawn keeps no letter back: it is at the order's page as well.
    """
    if receipt is None:
        return ()
    try:
        content = paper.pdf_of(receipt, language, zone)
    except Exception:
        log.exception("receipt_not_drawn", order=str(receipt.order.id))
        return ()
    return (Attachment(paper.filename_of(receipt), paper.CONTENT_TYPE, content),)
