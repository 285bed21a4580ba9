"""Reads of numbers and their holders."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from keepline.core.ids import slot_of_text
from keepline.inventory.models import Number, OwnershipPeriod


def number(e164: int) -> Number | None:
    """The number in stock, or None."""
    found: Number | None = Number.objects.filter(slot=slot_of_text(str(e164)), e164=e164).first()
    return found


def holder_at(e164: int, at: datetime) -> UUID | None:
    """The account that held the number at an instant, or None."""
    period = OwnershipPeriod.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at),
        slot=slot_of_text(str(e164)),
        e164=e164,
        begins_at__lte=at,
    ).first()
    return period.account_id if period else None
