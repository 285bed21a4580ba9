"""The test cards that the page for keeping offers, and how a later charge of each goes."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Card:
    """`decline` is the code of every later charge; `months` from now to its last month."""

    decline: str = ""
    months: int = 36


CARDS: Final[dict[str, Card]] = {  # by the four digits that are shown; told in languages/*.toml
    "0000": Card(),
    "0001": Card(decline="insufficient_funds"),
    "0002": Card(decline="stolen_card"),
    "0003": Card(decline="authentication_required"),
    "0004": Card(months=1),
}


def last_day(today: date, months: int) -> date:
    """The last day of the month that comes `months` after today's."""
    after = today.year * MONTHS + today.month - 1 + months + 1
    return date(after // MONTHS, after % MONTHS + 1, 1) - timedelta(days=1)
