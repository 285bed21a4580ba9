"""Acts of porting: a number gets its code, another operator comes, the holder thinks better."""

from contextlib import suppress

from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.flows.authorise_port import authorise
from keepline.flows.errors import FlowRefused
from keepline.flows.keep_number import keep
from keepline.flows.reveal_port_code import reveal
from keepline.porting import codes
from keepline.porting.models import PortOut
from tests.crash import change_acts
from tests.crash.world import World

AT_ONCE = {"port_out_after_days": 0, "port_out_wait_hours": 0, "port_out_notice_hours": 0}


def settled(world: World) -> None:
    """The line has a number that may leave at once, and the clearing house knows whose it is."""
    change_acts.equipped(world)
    Policy.objects.update(**AT_ONCE)
    catalog.forget()
    world.outside.house.enter(_number(world), operator="keepline")


def ask(world: World) -> None:
    authorise(world.cast.account.id, world.cast.line.id, "user:1", world.now())


def look(world: World) -> None:
    reveal(world.cast.account.id, world.cast.line.id, "user:1", world.now())


def wanted(world: World) -> None:
    """Another operator comes with the code."""
    row = PortOut.objects.get(line_id=world.cast.line.id)
    code = codes.opened(row.id, row.sealed_code)
    asked = world.outside.house.call("POST", "/ports", number=f"+{_number(world)}", code=code)
    asked.raise_for_status()


def wanted_later(world: World) -> None:
    """The same, but the number goes tomorrow."""
    Policy.objects.update(port_out_notice_hours=24)
    catalog.forget()
    wanted(world)


def stay(world: World) -> None:
    """Asked again it says that nothing is leaving."""
    with suppress(FlowRefused):
        keep(world.cast.account.id, world.cast.line.id, "user:1", world.now())


def _number(world: World) -> int:
    return int(f"4479{world.key_number:06d}20")
