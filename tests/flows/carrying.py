"""What tests of carriers share: a plan with several, stock of each, a line on the first of them."""

from typing import Any

from django.db import transaction

from keepline.catalog import queries as catalog
from keepline.catalog.models import Carrier, Plan, Policy
from keepline.flows.follow_profile import follow_profile
from keepline.flows.switch_carrier import CarrierSwitchRequest
from keepline.inventory import services as inventory
from keepline.inventory import sims
from keepline.inventory.models import Profile
from keepline.lines.models import Line
from tests.cast import NOW, Cast, assemble
from tests.flows.test_follow_profile import INSTALLED, told
from tests.inventory import shelves

CODES = ("ais", "true-th", "dtac")
FEE_MINOR = 90


def carriers() -> list[Carrier]:
    return [Carrier.objects.create(code=c, name=c.upper(), country="TH") for c in CODES]


def carried(
    keeps_profiles: bool = True, profiles: int = 4, **plan: Any
) -> tuple[Cast, list[Carrier], list[list[str]]]:
    """Alice's data line is on the first carrier, its eSIM on her phone; the rest of each carrier's
    profiles are to be ordered."""
    values = {"data_bytes": 10**9, "delivery": "network"} | plan
    cast = assemble(line_kind="country_esim", **values)
    return cast, *carry(cast, keeps_profiles, profiles)


def carry(
    cast: Cast, keeps_profiles: bool = True, profiles: int = 4, **code: str
) -> tuple[list[Carrier], list[list[str]]]:
    """The same for a line and a plan that are there. `code`: with which profiles came."""
    behind = carriers()
    Plan.objects.filter(id=cast.plan.id).update(
        line_kind="country_esim",
        carrier_ids=[each.id for each in behind],
        keeps_profiles=keeps_profiles,
    )
    Policy.objects.update(carrier_switch_fee_minor={"USD": FEE_MINOR}, carrier_switch_days=0)
    catalog.forget()
    stock = [
        shelves.profiles(
            shelves.pool(f"{each.code}-esim", "profile", carrier=each),
            profiles,
            first=10**7 * (place + 1),
            **code,
        )
        for place, each in enumerate(behind)
    ]
    with transaction.atomic():
        sims.take_over_card(stock[0][0], cast.account.id, cast.line.id, NOW)
    Line.objects.filter(id=cast.line.id).update(
        kind="country_esim", iccid=stock[0][0], carrier_id=behind[0].id
    )
    return behind, stock


def numbered(cast: Cast, carrier: Carrier | None) -> int:
    """The line has a number out of a pool of the carrier, or of none."""
    (e164,) = shelves.numbers(shelves.pool("th-numbers", carrier=carrier), 1)
    with transaction.atomic():
        inventory.assign(e164, cast.account.id, cast.line.id, NOW)
    Line.objects.filter(id=cast.line.id).update(e164=e164)
    return e164


def switch(cast: Cast, carrier: str, key: str = "key-0001", **changes: Any) -> CarrierSwitchRequest:
    values: dict[str, Any] = {
        "account_id": cast.account.id,
        "line_id": cast.line.id,
        "key": key,
        "expected_fee_minor": None,
        "actor": "user:1",
        "channel": "portal",
        "carrier": carrier,
    }
    return CarrierSwitchRequest(**(values | changes))


def phone_installs(iccid: str) -> None:
    follow_profile(told(iccid, INSTALLED), NOW)


def where(cast: Cast) -> tuple[int | None, str | None, dict[str, int]]:
    """The line's carrier and SIM, and what stands by for which carrier."""
    line = Line.objects.by_id(cast.line.id)
    beside = Profile.objects.filter(line_id=line.id, standby_carrier_id__isnull=False)
    return line.carrier_id, line.iccid, dict(beside.values_list("iccid", "standby_carrier_id"))
