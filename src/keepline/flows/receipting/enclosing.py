"""What goes along with a letter: the receipts of the orders that it tells of."""

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Final

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
ENCLOSED_AT_MOST: Final = 20  # a letter of hundreds of lines stays one that servers take
log = structlog.get_logger(__name__)


def tells_of_sale(kinds: Collection[str]) -> bool:
    """Whether a letter of any of these kinds has a receipt with it."""
    return not TELL_OF_SALES.isdisjoint(kinds)


def enclosed(
    receipts: Iterable[Receipt | None], language: str, zone: str
) -> tuple[Attachment, ...]:
    """Each receipt as PDF, in the reader's language and zone; the first ENCLOSED_AT_MOST of them.

    One that cannot be drawn keeps no letter back: it is at the order's page as well.
    """
    found = islice((each for each in receipts if each is not None), ENCLOSED_AT_MOST)
    drawn = (_drawn(each, language, zone) for each in found)
    return tuple(each for each in drawn if each is not None)


def _drawn(receipt: Receipt, language: str, zone: str) -> Attachment | None:
    try:
        content = paper.pdf_of(receipt, language, zone)
    except Exception:
        log.exception("receipt_not_drawn", order=str(receipt.order.id))
        return None
    return Attachment(paper.filename_of(receipt), paper.CONTENT_TYPE, content)
