"""Reads how full every pool is and how long it lasts, for staff, doctor and alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from keepline.inventory import queries as inventory
from keepline.inventory.levels import Level


@dataclass(frozen=True, slots=True)
class StockView:
    """All pools by kind and code; `low`: those under their mark."""

    levels: Sequence[Level]
    low: Sequence[Level]


def show_stock(now: datetime) -> StockView:
    """Every pool. One query."""
    levels = inventory.levels(now)
    return StockView(levels, [level for level in levels if level.is_low])
