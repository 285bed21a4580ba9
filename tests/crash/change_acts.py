"""Acts of changes: a line with number and card gets others, is blocked, unblocked and locked."""

from contextlib import suppress

from django.db import transaction

from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.flows import block_line, change_number, lock_line, swap_sim, unblock_line
from keepline.flows.errors import FlowRefused
from keepline.inventory import services as inventory
from keepline.inventory import sims
from keepline.lines.models import Line
from tests.crash.world import World
from tests.inventory import shelves


def equipped(world: World) -> None:
    """Numbers and cards of this world alone, one of each on its line."""
    account, line = world.cast.account, world.cast.line
    Policy.objects.update(number_change_fee_minor={world.currency: 50})
    catalog.forget()
    first = int(f"4479{world.key_number:06d}20")
    numbers = shelves.numbers(shelves.pool(f"n-{world.key}"), 3, first)
    cards = shelves.cards(
        shelves.pool(f"c-{world.key}", "card"), 2, first=world.key_number * 10 + 5
    )
    with transaction.atomic():
        inventory.assign(numbers[0], account.id, line.id, world.now())
        sims.take_over_card(cards[0], account.id, line.id, world.now())
    Line.objects.filter(slot=line.slot, id=line.id).update(e164=numbers[0], iccid=cards[0])


def ask_for_a_number(world: World) -> None:
    account, line = world.cast.account, world.cast.line
    wanted = change_number.NumberChangeRequest(
        account.id, line.id, world.key, None, "user:1", "portal"
    )
    change_number.start(wanted, world.now())


def ask_for_a_card(world: World) -> None:
    account, line = world.cast.account, world.cast.line
    wanted = swap_sim.SimSwapRequest(
        account.id, line.id, world.key, None, "user:1", "portal", sim="card"
    )
    swap_sim.start(wanted, world.now())


def lose(world: World) -> None:
    """Asked again it says that the line is blocked already."""
    with suppress(FlowRefused):
        block_line.block(world.cast.account.id, world.cast.line.id, "user:1", world.now())


def find(world: World) -> None:
    with suppress(FlowRefused):
        unblock_line.unblock(world.cast.account.id, world.cast.line.id, "user:1", world.now())


def lock(world: World) -> None:
    account_id, line_id = world.cast.account.id, world.cast.line.id
    lock_line.lock(account_id, line_id, "user:1", world.now(), wanted=True)
