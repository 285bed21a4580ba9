"""Reads of numbers and their holders."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from keepline.core.ids import slot_of_text
from keepline.core.lifecycle.number import NumberState
from keepline.inventory.models import CardHolding, Number, OwnershipPeriod
from keepline.slots.sql import fetch_one


def number(e164: int) -> Number | None:
    """The number in stock, or None."""
    found: Number | None = Number.objects.filter(slot=slot_of_text(str(e164)), e164=e164).first()
    return found


def numbers_among(e164s: Collection[int]) -> dict[int, Number]:
    """Numbers in stock by E.164. One query."""
    slots = {slot_of_text(str(e164)) for e164 in e164s}
    rows = Number.objects.filter(slot__in=sorted(slots), e164__in=sorted(e164s))
    return {row.e164: row for row in rows}


def may_be_had_back(number: Number, account_id: UUID, line_id: UUID, now: datetime) -> bool:
    """Whether it rests after this line of this account, within its last holder's window."""
    return (
        number.state == NumberState.QUARANTINE
        and (number.account_id, number.line_id) == (account_id, line_id)
        and number.reclaim_until is not None
        and now < number.reclaim_until
    )


def holder_at(e164: int, at: datetime) -> UUID | None:
    """The account that held the number at an instant, or None."""
    period = OwnershipPeriod.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at),
        slot=slot_of_text(str(e164)),
        e164=e164,
        begins_at__lte=at,
    ).first()
    return period.account_id if period else None


def lines_with_number(e164: int) -> list[tuple[UUID, UUID]]:
    """Account and line of everybody who held the number, the latest first; for staff."""
    rows = OwnershipPeriod.objects.filter(slot=slot_of_text(str(e164)), e164=e164)
    return list(rows.order_by("-begins_at").values_list("account_id", "line_id"))


def line_with_card(iccid: str) -> UUID | None:
    """The line that has the card, or None."""
    rows = CardHolding.objects.filter(iccid=iccid).values_list("line_id", flat=True)
    found: UUID | None = rows.first()
    return found


NEXT_RESTED = """
SELECT until_at FROM inventory_number
WHERE state = 'quarantine' AND until_at IS NOT NULL
  AND account_id IN (SELECT id FROM accounts_account WHERE clock_id = %(clock)s AND clock_id <> 0)
ORDER BY until_at LIMIT 1
"""


def next_rested(clock_id: int) -> datetime | None:
    """When the first number that an account of the test clock held last has rested enough."""
    row = fetch_one(NEXT_RESTED, {"clock": clock_id})
    return row.until_at if row else None
