"""Writes of numbers: one holder at a time, guaranteed twice.

The number's row is locked first (in every flow before lines and wallets); the chain of its
ownership periods, which the database keeps, is the last guard.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max

from keepline.core.ids import make_id, slot_of_text
from keepline.core.lifecycle.number import NUMBER, NumberEvent, NumberState
from keepline.inventory.models import CardHolding, Number, OwnershipPeriod
from keepline.slots.ids import new_id

STOCK_MS = 1_577_836_800_000  # ids of numbers follow from the number, not from a clock


class NumberTaken(Exception):
    """The number is not free for this holder."""


class CardTaken(Exception):
    """The ICCID belongs to another line."""


def slot_of_number(e164: int) -> int:
    """Numbers are sharded by themselves."""
    return slot_of_text(str(e164))


def number_id(e164: int) -> UUID:
    """The id of a number's row is the number, in its slot."""
    return make_id(slot_of_number(e164), STOCK_MS, e164)


def add_numbers(numbers: Iterable[int], now: datetime) -> None:
    """Puts free numbers into stock; those already known stay as they are."""
    Number.objects.bulk_create(
        [
            Number(slot=slot_of_number(e164), id=number_id(e164), e164=e164, since_at=now)
            for e164 in numbers
        ],
        ignore_conflicts=True,
    )


def lock_number(e164: int) -> Number:
    """The number under lock. Raises Number.DoesNotExist."""
    number: Number = (
        Number.objects.select_for_update(no_key=True)
        .filter(slot=slot_of_number(e164), e164=e164)
        .get()
    )
    return number


def assign(e164: int, account_id: UUID, line_id: UUID, since_at: datetime) -> OwnershipPeriod:
    """Gives a free number to a line, from `since_at` on. Raises NumberTaken."""
    number = lock_number(e164)
    if number.state not in (NumberState.AVAILABLE, NumberState.HELD):
        raise NumberTaken(e164)
    transition(
        number, NumberEvent.ASSIGN, since_at, account_id=account_id, line_id=line_id, until_at=None
    )
    period: OwnershipPeriod = OwnershipPeriod.objects.create(
        slot=number.slot,
        id=new_id(number.slot),
        e164=e164,
        begins_at=since_at,
        follows_at=OwnershipPeriod.objects.filter(slot=number.slot, e164=e164).aggregate(
            last=Max("ends_at")
        )["last"],
        account_id=account_id,
        line_id=line_id,
    )
    return period


def withdraw(e164: int, quarantine_days: int, now: datetime) -> Number:
    """Ends the holder's period; the number rests before anyone else may have it."""
    number = lock_number(e164)
    transition(number, NumberEvent.WITHDRAW, now, until_at=now + timedelta(days=quarantine_days))
    OwnershipPeriod.objects.filter(slot=number.slot, e164=e164, ends_at=None).update(ends_at=now)
    return number


def transition(number: Number, event: NumberEvent, now: datetime, **columns: object) -> None:
    """Moves a locked number by `event`, with the columns that change along."""
    target = NUMBER.next(NumberState(number.state), event)
    columns |= {"state": target, "since_at": now}
    Number.objects.filter(slot=number.slot, id=number.id, state=number.state).update(**columns)
    for name, value in columns.items():
        setattr(number, name, value)


def hold_card(iccid: str, line_id: UUID) -> None:
    """Enters a card for a line. Raises CardTaken."""
    held, _ = CardHolding.objects.get_or_create(iccid=iccid, defaults={"line_id": line_id})
    if held.line_id != line_id:
        raise CardTaken(iccid)
