"""Reads a line's SIM card, without its codes: flows/reveal_codes.py shows those."""

from dataclasses import dataclass
from uuid import UUID

from keepline.flows.errors import FlowRefused
from keepline.inventory import queries as stock
from keepline.inventory.models import Card
from keepline.lines import queries as lines
from keepline.lines.queries import LineRow


@dataclass(frozen=True, slots=True)
class CardView:
    """`has_codes`: PIN or PUK are known."""

    line: LineRow
    iccid: str
    state: str
    has_codes: bool


def show_card(line_id: UUID, account_id: UUID) -> CardView:
    """Raises FlowRefused("not_found") for another account's line and for one without a card."""
    row = lines.line_of(line_id, account_id)
    card = stock.sim(Card, row.iccid) if row and row.iccid else None
    if row is None or card is None or card.line_id != line_id:
        raise FlowRefused("not_found")
    return CardView(row, card.iccid, card.state, bool(card.sealed_codes))
