"""Writes of stock: one holder at a time, guaranteed twice; the only writer of its states.

The number's row is locked first (in every flow before cards, lines and wallets); the chain of its
ownership periods, which the database keeps, is the last guard. docs/inventory.md tells it all.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Max

from keepline.accounts import services as accounts
from keepline.core.lifecycle.card import CARD, CardEvent, CardState
from keepline.core.lifecycle.machine import Machine
from keepline.core.lifecycle.number import NUMBER, NumberEvent, NumberState
from keepline.core.lifecycle.profile import PROFILE, ProfileEvent, ProfileState
from keepline.inventory.models import Card, CardHolding, Number, OwnershipPeriod, Profile
from keepline.inventory.naming import number_id, slot_of_iccid, slot_of_number
from keepline.inventory.resting import Rested
from keepline.slots.ids import new_id
from keepline.slots.sql import execute, fetch_all


class StockTaken(Exception):
    """It is not free for this holder."""


class NumberTaken(StockTaken):
    """The number is not free for this holder."""


class CardTaken(StockTaken):
    """The ICCID belongs to another line, or is not held by this buyer."""


class Moved(Exception):
    """Somebody else moved the row since it was read; nothing has changed."""


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


def lock_known(e164: int) -> Number | None:
    """The number under lock; None when we know nothing of it."""
    try:
        return lock_number(e164)
    except Number.DoesNotExist:
        return None


def share_number(e164: int) -> Number | None:
    """The number, which changes hands for nobody until the caller's transaction ends; others may
    share it meanwhile. None when it is none of ours."""
    rows = Number.objects.raw(
        "SELECT * FROM inventory_number WHERE slot = %s AND e164 = %s FOR SHARE",
        [slot_of_number(e164), e164],
    )
    return next(iter(rows), None)


def assign(e164: int, account_id: UUID, line_id: UUID, since_at: datetime) -> OwnershipPeriod:
    """Gives a number that is free, or that this account holds, to a line, from `since_at` on.

    Raises NumberTaken.
    """
    number = lock_number(e164)
    sold = number.state == NumberState.HELD and number.account_id == account_id
    sold = sold and number.line_id in (None, line_id)
    if not sold and number.state != NumberState.AVAILABLE:
        raise NumberTaken(e164)
    transition(
        number,
        NumberEvent.ASSIGN,
        since_at,
        account_id=account_id,
        line_id=line_id,
        until_at=None,
        taken_at=since_at if sold else None,  # one taken over with a base was not sold from stock
    )
    return _begin(number, account_id, line_id, since_at, _last_end(number))


def reclaim(number: Number, line_id: UUID, now: datetime) -> OwnershipPeriod:
    """Gives a resting number under lock back to its last holder, on a line that follows the old.

    Raises core's IllegalTransition when it does not rest.
    """
    holder, last_end = number.account_id, _last_end(number)
    assert holder is not None, f"number {number.e164} rests after nobody"
    transition(number, NumberEvent.RECLAIM, now, line_id=line_id, until_at=None, reclaim_until=None)
    # The clock of the process that withdrew it may have been a little ahead of ours.
    begins_at = now if last_end is None else max(now, last_end)
    return _begin(number, holder, line_id, begins_at, last_end)


def _last_end(number: Number) -> datetime | None:
    periods = OwnershipPeriod.objects.filter(slot=number.slot, e164=number.e164)
    found: datetime | None = periods.aggregate(last=Max("ends_at"))["last"]
    return found


def _begin(
    number: Number,
    account_id: UUID,
    line_id: UUID,
    begins_at: datetime,
    follows_at: datetime | None,
) -> OwnershipPeriod:
    period: OwnershipPeriod = OwnershipPeriod.objects.create(
        slot=number.slot,
        id=new_id(number.slot),
        e164=number.e164,
        begins_at=begins_at,
        follows_at=follows_at,
        account_id=account_id,
        line_id=line_id,
    )
    return period


LOCK = """
SELECT n.slot, n.e164, n.line_id, n.state FROM inventory_number n
JOIN unnest(%(slots)s::smallint[], %(e164s)s::bigint[]) AS d(slot, e164)
  ON n.slot = d.slot AND n.e164 = d.e164
ORDER BY n.slot, n.e164 FOR NO KEY UPDATE OF n
"""
WITHDRAW = """
WITH withdrawn AS (
  UPDATE inventory_number n
  SET state = 'quarantine', since_at = %(now)s, until_at = d.until_at,
      reclaim_until = d.reclaim_until, rested_since = %(now)s, longest_until = NULL
  FROM unnest(%(slots)s::smallint[], %(e164s)s::bigint[], %(untils)s::timestamptz[],
              %(reclaims)s::timestamptz[]) AS d(slot, e164, until_at, reclaim_until)
  WHERE n.slot = d.slot AND n.e164 = d.e164 AND n.state = ANY(%(sources)s)
  RETURNING n.slot, n.e164
)
UPDATE inventory_ownershipperiod p SET ends_at = greatest(%(now)s, p.begins_at + interval '1 us')
FROM withdrawn w WHERE p.slot = w.slot AND p.e164 = w.e164 AND p.ends_at IS NULL
"""
HELD = [state.value for state in NumberState if NumberEvent.WITHDRAW in NUMBER.allowed(state)]


class HolderUnknown(Exception):
    """A number that is to be withdrawn has no holder's period that is open."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One number leaves its holder: so long it rests, so long the holder may have it back."""

    e164: int
    until_at: datetime
    reclaim_until: datetime


def lock_numbers(e164s: Collection[int]) -> dict[int, UUID | None]:
    """Locks many numbers, in the order that everybody takes; their lines by number."""
    params = {"slots": [slot_of_number(e164) for e164 in e164s], "e164s": list(e164s)}
    return {row.e164: row.line_id for row in fetch_all(LOCK, params)}


def withdraw_all(withdrawals: Collection[Withdrawal], now: datetime) -> None:
    """Ends the holders' periods of numbers under lock; they rest before anyone else may have them.

    Nobody signs in with one of them any more. Raises HolderUnknown when one of them is held by
    nobody; then none was withdrawn.
    """
    if not withdrawals:
        return
    params = {
        "now": now,
        "slots": [slot_of_number(each.e164) for each in withdrawals],
        "e164s": [each.e164 for each in withdrawals],
        "untils": [each.until_at for each in withdrawals],
        "reclaims": [each.reclaim_until for each in withdrawals],
        "sources": HELD,
    }
    if execute(WITHDRAW, params) != len(withdrawals):
        raise HolderUnknown
    accounts.detach_phones([each.e164 for each in withdrawals])


def expect(e164: int, account_id: UUID, line_id: UUID, now: datetime) -> None:
    """A buyer brings the number for this line: nobody else may meanwhile.

    Raises NumberTaken when it is ours already, or on its way for somebody else.
    """
    slot = slot_of_number(e164)
    elsewhere = Number(
        slot=slot, id=number_id(e164), e164=e164, state=NumberState.PORTED_OUT, since_at=now
    )
    Number.objects.bulk_create([elsewhere], ignore_conflicts=True)
    number = lock_number(e164)
    if number.state != NumberState.PORTED_OUT:
        raise NumberTaken(e164)
    transition(number, NumberEvent.EXPECT, now, account_id=account_id, line_id=line_id)


def note_arrival(e164: int, line_id: UUID, at: datetime) -> None:
    """When the number that is on its way for the line comes; told on the line's page."""
    number = lock_known(e164)
    if number is not None and (number.state, number.line_id) == (NumberState.EXPECTED, line_id):
        Number.objects.filter(slot=number.slot, id=number.id).update(until_at=at)


def stop_expecting(e164: int, line_id: UUID, now: datetime) -> None:
    """The number stays with the other operator; nothing, if it is not on its way for this line.

    One that was never ours is forgotten: whatever buyers ask for, it could be of our stock one day.
    """
    number = lock_known(e164)
    if number is None or (number.state, number.line_id) != (NumberState.EXPECTED, line_id):
        return
    transition(number, NumberEvent.GIVE_UP, now, account_id=None, line_id=None, until_at=None)
    ours = OwnershipPeriod.objects.filter(slot=number.slot, e164=e164)
    if number.pool_id is None and not ours.exists():
        Number.objects.filter(slot=number.slot, id=number.id).delete()


def arrive(e164: int, line_id: UUID, now: datetime) -> OwnershipPeriod:
    """The number that was on its way for the line is its own from now on. Raises NumberTaken."""
    number = lock_number(e164)
    if number.state != NumberState.EXPECTED or number.line_id != line_id:
        raise NumberTaken(e164)
    assert number.account_id is not None, f"number {e164} is on its way for nobody"
    transition(number, NumberEvent.ARRIVE, now, until_at=None)
    return _begin(number, number.account_id, line_id, now, _last_end(number))


def port_out(e164: int, now: datetime) -> None:
    """Ends the holder's period of a number under lock that went to another operator.

    Nobody signs in with it any more. Raises HolderUnknown.
    """
    number = lock_number(e164)
    transition(number, NumberEvent.PORT_OUT, now, until_at=None, reclaim_until=None)
    open_still = OwnershipPeriod.objects.filter(slot=number.slot, e164=e164, ends_at=None)
    begun: datetime | None = open_still.values_list("begins_at", flat=True).first()
    if begun is None:
        raise HolderUnknown(e164)
    # The clock of the process that began it may have been a little ahead of ours.
    open_still.update(ends_at=max(now, begun + timedelta(microseconds=1)))
    accounts.detach_phones([e164])


RELEASE = """
UPDATE inventory_number n
SET state = 'available', since_at = %(now)s, line_id = NULL, account_id = NULL, until_at = NULL,
    reclaim_until = NULL, taken_at = NULL, longest_until = NULL
FROM unnest(%(slots)s::smallint[], %(ids)s::uuid[]) AS rested(slot, id)
WHERE n.slot = rested.slot AND n.id = rested.id AND n.state = 'quarantine'
"""


def release(rested: Collection[Rested], now: datetime) -> int:
    """Frees numbers under lock that have rested (inventory.resting); how many."""
    if not rested:
        return 0
    slots, ids = [each.slot for each in rested], [each.id for each in rested]
    return execute(RELEASE, {"now": now, "slots": slots, "ids": ids})


LET_GO = """
WITH over AS (
  SELECT slot, id FROM {table}
  WHERE state = 'held' AND until_at <= %(now)s
    AND (%(accounts)s::uuid[] IS NULL OR account_id = ANY(%(accounts)s))
    AND NOT coalesce(account_id = ANY(%(but)s::uuid[]), false)
  ORDER BY until_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE {table} h SET state = 'available', since_at = %(now)s, account_id = NULL, until_at = NULL
FROM over WHERE h.slot = over.slot AND h.id = over.id
"""
SHELVES: tuple[type[Number] | type[Card] | type[Profile], ...] = (Number, Card, Profile)


def release_holds(
    now: datetime,
    limit: int,
    accounts: Collection[UUID] | None = None,
    but: Collection[UUID] = (),
) -> int:
    """Puts back what was held and not bought in time, at most `limit` of each kind; how many.

    `accounts`: only what they hold (None: everybody's); `but`: not theirs. What is locked is on
    its way to somebody, and is passed over.
    """
    chosen = None if accounts is None else list(accounts)
    params = {"now": now, "limit": limit, "accounts": chosen, "but": list(but)}
    return sum(execute(LET_GO.format(table=each._meta.db_table), params) for each in SHELVES)


MACHINES: dict[type, tuple[Machine[Any, Any], type[StrEnum]]] = {
    Number: (NUMBER, NumberState),
    Card: (CARD, CardState),
    Profile: (PROFILE, ProfileState),
}
Item = Number | Card | Profile
Event = NumberEvent | CardEvent | ProfileEvent


def transition(item: Item, event: Event, now: datetime, **columns: object) -> None:
    """Moves a locked piece by `event` of its own machine, with the columns that change along.

    Raises core's IllegalTransition, or Moved when the row is no more in the state it was read in.
    """
    machine, states = MACHINES[type(item)]
    target = machine.next(states(item.state), event)
    columns |= {"state": target, "since_at": now}
    rows = type(item).objects.filter(slot=item.slot, id=item.id, state=item.state)
    if rows.update(**columns) != 1:
        raise Moved(event)
    for name, value in columns.items():
        setattr(item, name, value)


def enter_card(iccid: str, line_id: UUID) -> None:
    """Enters an ICCID for a line. Raises CardTaken."""
    held, _ = CardHolding.objects.get_or_create(iccid=iccid, defaults={"line_id": line_id})
    if held.line_id != line_id:
        raise CardTaken(iccid)


def pass_card_on(iccid: str, line_id: UUID, next_line_id: UUID) -> bool:
    """Enters a card of `line_id` for the line that follows it; False when it was another's."""
    held = CardHolding.objects.filter(iccid=iccid, line_id=line_id)
    if not held.update(line_id=next_line_id):
        return False
    for kind in (Card, Profile):
        in_stock = kind.objects.filter(slot=slot_of_iccid(iccid), iccid=iccid, line_id=line_id)
        in_stock.update(line_id=next_line_id)
    return True
