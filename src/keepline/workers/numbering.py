"""Receipts get their numbers after the commit of their orders (docs/decisions/0013)."""

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from keepline.flows import recognise_revenue


def number_receipts(clock: Callable[[], datetime] = timezone.now, seller: str = "house") -> None:
    """Gives completed orders their receipt numbers, and their sales their place in the schedule.

    By real time: the books of all clocks have one midnight.
    """
    while recognise_revenue.number_receipts(seller, clock()):
        pass
