"""Choosing: a piece of stock is held for a buyer for some minutes, without anybody waiting.

Every lock is taken with SKIP LOCKED, so a buyer who comes second is refused at once. All of it runs
in the caller's transaction. docs/inventory.md tells the rules.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy, RawSQL

from keepline.core.lifecycle.card import CardEvent
from keepline.core.lifecycle.number import NumberEvent
from keepline.core.lifecycle.profile import ProfileEvent
from keepline.inventory.models import Card, Number, Profile
from keepline.inventory.naming import slot_of_iccid, slot_of_number
from keepline.inventory.services import Event, StockTaken, transition

HOLD_FOR = timedelta(minutes=15)
AVAILABLE, HELD = "available", "held"  # the same words in all three machines
# Said as literals: no plan finds a partial index by a parameter that it does not know yet.
IS_AVAILABLE, IS_HELD = RawSQL("'available'", ()), RawSQL("'held'", ())
ItemT = TypeVar("ItemT", Number, Card, Profile)


class NoneFree(Exception):
    """Nothing in these pools is free right now."""


@dataclass(frozen=True, slots=True)
class _Shelf:
    """How one kind is sold: the order of its partial index, and the events of its machine."""

    order: tuple[str | OrderBy, ...]
    hold: Event
    unhold: Event


LONGEST_RESTED = ("pool_id", F("rested_since").asc(nulls_first=True), "e164")
OLDEST = ("pool_id", "added_at", "iccid")
SHELVES: dict[type, _Shelf] = {
    Number: _Shelf(LONGEST_RESTED, NumberEvent.HOLD, NumberEvent.UNHOLD),
    Card: _Shelf(OLDEST, CardEvent.HOLD, CardEvent.UNHOLD),
    Profile: _Shelf(OLDEST, ProfileEvent.HOLD, ProfileEvent.UNHOLD),
}


def hold(
    kind: type[ItemT],
    name: int | str,
    account_id: UUID,
    until_at: datetime | None,
    now: datetime,
    pools: Collection[int] | None = None,
    line_id: UUID | None = None,
) -> ItemT:
    """Holds the chosen piece for the account until `until_at`; again, by its holder: extends it.

    `name`: E.164 or ICCID. `pools`: those that may be sold to this buyer (None: any). For a line
    that is being bought it is held until the order ends: `line_id`, and no `until_at`. Raises
    StockTaken when it is not free, is being taken by somebody else, or does not exist.
    """
    item = _taken(by_name(kind, name))
    if item is None or (pools is not None and item.pool_id not in pools):
        raise StockTaken(name)
    if item.state == HELD and item.account_id == account_id and item.line_id is None:
        kind.objects.filter(slot=item.slot, id=item.id).update(until_at=until_at, line_id=line_id)
        item.until_at, item.line_id = until_at, line_id
        return item
    if item.state != AVAILABLE and not _ran_out(item, now):
        raise StockTaken(name)
    return _held(item, account_id, until_at, now, line_id)


def hold_any(
    kind: type[ItemT],
    pools: Sequence[int],
    account_id: UUID,
    until_at: datetime | None,
    now: datetime,
    line_id: UUID | None = None,
) -> ItemT:
    """Holds what lay free longest in the first of the pools that has any. Raises NoneFree."""
    for pool_id in pools:
        item = _taken(free(kind, pool_id)) or _taken(run_out(kind, pool_id, now))
        if item is not None:
            return _held(item, account_id, until_at, now, line_id)
    raise NoneFree(*pools)


def unhold(
    kind: type[ItemT], name: int | str, account_id: UUID, line_id: UUID | None, now: datetime
) -> bool:
    """Puts a piece back that the account holds: for the line, or for none.

    False when it is not held so (any more): it may be held for another line of the same account.
    """
    item = _taken(by_name(kind, name))
    if item is None or item.state != HELD:
        return False
    if (item.account_id, item.line_id) != (account_id, line_id):
        return False
    _put_back(item, now)
    return True


def by_name(kind: type[ItemT], name: int | str) -> QuerySet[ItemT]:
    """The piece with an E.164 or ICCID."""
    named = (
        {"slot": slot_of_number(int(name)), "e164": int(name)}
        if kind is Number
        else {"slot": slot_of_iccid(str(name)), "iccid": str(name)}
    )
    return cast("QuerySet[ItemT]", kind.objects.filter(**named))


def free(kind: type[ItemT], pool_id: int) -> QuerySet[ItemT]:
    """What is free in a pool, as it is sold: the statement that every buyer runs."""
    rows = kind.objects.filter(pool_id=pool_id, state=IS_AVAILABLE)
    return cast("QuerySet[ItemT]", rows.order_by(*SHELVES[kind].order))


def run_out(kind: type[ItemT], pool_id: int, now: datetime) -> QuerySet[ItemT]:
    """What is still held in a pool, but for longer than it was promised."""
    rows = kind.objects.filter(pool_id=pool_id, state=IS_HELD, until_at__lte=now)
    return cast("QuerySet[ItemT]", rows.order_by("until_at"))


def _taken(rows: QuerySet[ItemT]) -> ItemT | None:
    """The first of the rows that nobody else has under lock, under ours."""
    locked: QuerySet[ItemT] = rows.select_for_update(skip_locked=True, no_key=True)
    found: list[Any] = list(locked[:1])
    return found[0] if found else None


def _ran_out(item: Number | Card | Profile, now: datetime) -> bool:
    return item.state == HELD and item.until_at is not None and item.until_at <= now


def _held(
    item: ItemT,
    account_id: UUID,
    until_at: datetime | None,
    now: datetime,
    line_id: UUID | None = None,
) -> ItemT:
    if item.state == HELD:
        _put_back(item, now)
    holder = {"account_id": account_id, "until_at": until_at, "line_id": line_id}
    transition(item, SHELVES[type(item)].hold, now, **holder)
    return item


def _put_back(item: Number | Card | Profile, now: datetime) -> None:
    nobody = {"account_id": None, "until_at": None, "line_id": None}
    transition(item, SHELVES[type(item)].unhold, now, **nobody)
