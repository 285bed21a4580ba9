"""Stock for tests: pools, and pieces on their shelves."""

from datetime import datetime
from typing import Any

from django.db import transaction

from keepline.flows.sweeping import resting
from keepline.inventory.models import Card, Number, Pool, Profile, SimIdentity
from keepline.inventory.naming import number_id, sim_id, slot_of_iccid, slot_of_number
from tests.cast import NOW

FIRST = 447700900000


def pool(code: str = "uk", kind: str = "number", **fields: Any) -> Pool:
    made: Pool = Pool.objects.create(code=code, kind=kind, **fields)
    return made


def numbers(in_pool: Pool, count: int, first: int = FIRST, **fields: Any) -> list[int]:
    """Free numbers, one after the other."""
    found = list(range(first, first + count))
    Number.objects.bulk_create(
        Number(
            slot=slot_of_number(e164),
            id=number_id(e164),
            e164=e164,
            pool_id=in_pool.id,
            since_at=NOW,
            **fields,
        )
        for e164 in found
    )
    return found


def release_rested(now: datetime) -> int:
    """As the sweep does; how many numbers are free again."""
    with transaction.atomic():
        return resting.release_rested(now, 10).free


def iccid(number: int) -> str:
    """An ICCID of a test issuer with its check digit (ITU-T E.118)."""
    body = f"8944{number:014}"
    digits = [int(d) for d in reversed(body)]
    doubled = [sum(divmod(2 * d, 10)) for d in digits[::2]]
    return f"{body}{-(sum(doubled) + sum(digits[1::2])) % 10}"


def imsi(number: int) -> str:
    return f"23433{number:010}"


def cards(
    in_pool: Pool, count: int, added_at: datetime = NOW, first: int = 0, **fields: Any
) -> list[str]:
    return _sims(Card, "card", in_pool, count, first, added_at, fields)


def profiles(
    in_pool: Pool, count: int, added_at: datetime = NOW, first: int = 10**6, **fields: Any
) -> list[str]:
    return _sims(Profile, "profile", in_pool, count, first, added_at, fields)


def _sims(
    model: type[Card] | type[Profile],
    kind: str,
    in_pool: Pool,
    count: int,
    first: int,
    added_at: datetime,
    fields: dict[str, Any],
) -> list[str]:
    found = [iccid(n) for n in range(first, first + count)]
    for place, name in enumerate(found):
        _sim(model, kind, name, imsi(first + place), in_pool, added_at, fields)
    return found


def profile(name: str, in_pool: Pool, **fields: Any) -> str:
    """One profile of that ICCID, whose IMSI follows from it."""
    return _sim(Profile, "profile", name, f"234{name[-13:-1]}", in_pool, NOW, fields)


def _sim(
    model: type[Card] | type[Profile],
    kind: str,
    name: str,
    own_imsi: str,
    in_pool: Pool,
    added_at: datetime,
    fields: dict[str, Any],
) -> str:
    SimIdentity.objects.create(iccid=name, kind=kind, imsi=own_imsi)
    model.objects.create(
        slot=slot_of_iccid(name),
        id=sim_id(name),
        iccid=name,
        imsi=own_imsi,
        pool_id=in_pool.id,
        since_at=added_at,
        added_at=added_at,
        **fields,
    )
    return name
