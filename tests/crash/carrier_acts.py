"""Acts of carriers: a line with an eSIM goes to another carrier, and back to the first."""

from django.db import transaction

from keepline.catalog import queries as catalog
from keepline.catalog.models import Carrier, Plan, Policy
from keepline.flows import switch_carrier
from keepline.flows.follow_profile import follow_profile
from keepline.inventory import sims
from keepline.lines.models import Line
from tests.crash.stock_acts import told
from tests.crash.world import World
from tests.inventory import shelves
from tests.inventory.shelves import iccid


def _carrier(world: World, place: int) -> str:
    return f"c{place}-{world.key_number}"


def _profile(world: World, place: int) -> str:
    return iccid(world.key_number * 10 + place)


def equipped(world: World) -> None:
    """Two carriers behind the plan of this world's line, which is on the first; one profile of each
    is in stock, and the SM-DP+ has the second's."""
    account, line, plan = world.cast.account, world.cast.line, world.cast.plan
    behind = [
        Carrier.objects.create(code=_carrier(world, place), name=f"Carrier {place}", country="TH")
        for place in range(2)
    ]
    Plan.objects.filter(id=plan.id).update(
        carrier_ids=[each.id for each in behind], keeps_profiles=True
    )
    Policy.objects.update(carrier_switch_fee_minor={world.currency: 50}, carrier_switch_days=0)
    catalog.forget()
    for place, carrier in enumerate(behind):
        pool = shelves.pool(f"p{place}-{world.key_number}", "profile", carrier=carrier)
        shelves.profile(_profile(world, place), pool)
    world.outside.stock_profile(_profile(world, 1))
    with transaction.atomic():
        sims.take_over_card(_profile(world, 0), account.id, line.id, world.now())
    Line.objects.filter(slot=line.slot, id=line.id).update(
        iccid=_profile(world, 0), carrier_id=behind[0].id
    )


def ask(world: World) -> None:
    """To the second carrier."""
    _ask(world, 1, world.key)


def installed(world: World) -> None:
    """The phone has the second carrier's profile."""
    follow_profile(told(_profile(world, 1), 4), world.now())


def ask_back(world: World) -> None:
    _ask(world, 0, f"{world.key[:-4]}back")


def _ask(world: World, place: int, key: str) -> None:
    account, line = world.cast.account, world.cast.line
    wanted = switch_carrier.CarrierSwitchRequest(
        account.id, line.id, key, None, "user:1", "portal", carrier=_carrier(world, place)
    )
    switch_carrier.start(wanted, world.now())
