"""Reads of stock and its holders."""

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

from django.db.models import Q

from keepline.core.identifiers import ActivationCode
from keepline.core.ids import slot_of_text
from keepline.core.lifecycle.number import NumberState
from keepline.core.lifecycle.profile import ON_A_PHONE
from keepline.inventory import holding
from keepline.inventory.levels import LEVELS, Level, params
from keepline.inventory.models import (
    Card,
    CardHolding,
    Number,
    OwnershipPeriod,
    Pool,
    Profile,
    SimIdentity,
)
from keepline.inventory.sealing import sealer
from keepline.slots.sql import fetch_all, fetch_one

SimT = TypeVar("SimT", Card, Profile)
LOOKED_AT = 200  # free numbers among which a buyer is shown some


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


def open_period(number: Number) -> OwnershipPeriod | None:
    """The period of who holds the number now; None while nobody does."""
    rows = OwnershipPeriod.objects.filter(slot=number.slot, e164=number.e164, ends_at=None)
    found: OwnershipPeriod | None = rows.first()
    return found


def held_since(e164: int, line_id: UUID) -> datetime | None:
    """From when on the line has had the number; None when it has it not."""
    rows = OwnershipPeriod.objects.filter(
        slot=slot_of_text(str(e164)), e164=e164, line_id=line_id, ends_at=None
    )
    found: datetime | None = rows.values_list("begins_at", flat=True).first()
    return found


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


def pools_by_code() -> dict[str, Pool]:
    """All pools. One query."""
    return {pool.code: pool for pool in Pool.objects.all()}


def carrier_of_pool(pool_id: int | None) -> int | None:
    """The carrier that a pool is bound to; None for none, and for no pool."""
    rows = Pool.objects.filter(id=pool_id) if pool_id else Pool.objects.none()
    found: int | None = rows.values_list("carrier_id", flat=True).first()
    return found


def pools_for(kind: str, carrier_id: int | None, countries: Collection[str]) -> list[int]:
    """Ids of the pools that serve a plan on this carrier and in these countries.

    A pool without a carrier or country serves any plan, and any country's pool one that is bound
    to no country. Those that say most come first. One query.
    """
    here = Q(country="") | Q(country__in=list(countries)) if countries else Q()
    carried = Q(carrier_id=None) | Q(carrier_id=carrier_id)
    pools = Pool.objects.filter(here, carried, kind=kind)
    said = sorted(pools, key=lambda p: (p.carrier_id is None, p.country == "", p.code))
    return [pool.id for pool in said]


def free_numbers(pool_id: int, account_id: UUID, count: int) -> list[int]:
    """A few free numbers of a pool for a buyer to choose from: of those that lay free longest,
    other ones for each account, the same for one account as long as they are free. One query."""
    longest = holding.free(Number, pool_id).values_list("e164", flat=True)[:LOOKED_AT]

    def place(e164: int) -> bytes:
        return sha256(account_id.bytes + str(e164).encode()).digest()

    return sorted(longest, key=place)[:count]


def held_by(account_id: UUID, now: datetime) -> int:
    """How many numbers are held for an account. One query on what is held, which is little."""
    held = Number.objects.filter(state=NumberState.HELD, until_at__gt=now, account_id=account_id)
    return int(held.count())


def sim(kind: type[SimT], iccid: str) -> SimT | None:
    """The card or profile in stock, or None."""
    found: SimT | None = kind.objects.filter(slot=slot_of_text(iccid), iccid=iccid).first()
    return found


def imsi_of(iccid: str) -> str | None:
    """The card's or profile's IMSI; None when it is not in stock, or its IMSI not known."""
    found: str | None = (
        SimIdentity.objects.filter(iccid=iccid).values_list("imsi", flat=True).first()
    )
    return found


def imsis_of(iccids: Collection[str]) -> dict[str, str]:
    """IMSI by ICCID, of those that are in stock and whose IMSI is known. No query for none."""
    if not iccids:
        return {}
    rows = SimIdentity.objects.filter(iccid__in=list(iccids))
    return {iccid: imsi for iccid, imsi in rows.values_list("iccid", "imsi") if imsi}


def lines_with_cards(iccids: Collection[str]) -> dict[str, UUID]:
    """The line that has each card, by ICCID. No query for none."""
    if not iccids:
        return {}
    rows = CardHolding.objects.filter(iccid__in=list(iccids))
    return dict(rows.values_list("iccid", "line_id"))


def kind_of(iccid: str) -> str | None:
    """Whether an ICCID in stock is a `card` or a `profile`; None when it is not in stock."""
    found: str | None = (
        SimIdentity.objects.filter(iccid=iccid).values_list("kind", flat=True).first()
    )
    return found


def standing_by(line_id: UUID) -> list[Profile]:
    """The profiles that stand by for a line, each for another carrier, on a phone as far as the
    SM-DP+ tells. Asks every slot."""
    rows = Profile.objects.filter(line_id=line_id, standby_carrier_id__isnull=False)
    return list(rows.filter(state__in=ON_A_PHONE).order_by("iccid"))


def pool_of_number(e164: int) -> Pool | None:
    """The pool in which a number in stock is, or None."""
    rows = Number.objects.filter(slot=slot_of_text(str(e164)), e164=e164)
    found: Pool | None = Pool.objects.filter(id__in=rows.values("pool_id")).first()
    return found


def activation_code_of(profile: Profile) -> ActivationCode | None:
    """What its QR code says; None while the SM-DP+ has not given a matching id."""
    if not profile.matching_id:
        return None
    return ActivationCode(
        profile.smdp_address,
        profile.matching_id,
        profile.smdp_oid,
        confirmation_required=bool(profile.sealed_confirmation_code),
    )


def confirmation_code_of(profile: Profile) -> str:
    """What the holder is asked for at the download; "" when nothing is. Raises SealBroken."""
    if not profile.sealed_confirmation_code:
        return ""
    return str(sealer().open(profile.iccid, profile.sealed_confirmation_code)["confirmation_code"])


def codes_of(card: Card) -> dict[str, str]:
    """pin, puk, pin2 and puk2, those that are known. Only flows/reveal_codes.py shows them.

    Raises SealBroken.
    """
    return sealer().open(card.iccid, card.sealed_codes) if card.sealed_codes else {}


def levels(now: datetime) -> list[Level]:
    """How full every pool is, by kind and code. One query."""
    return [Level(*row) for row in fetch_all(LEVELS, params(now))]
