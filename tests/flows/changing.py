"""What tests of changes share: a line with number and card, stock to choose from, a policy."""

from typing import Any

from django.db import transaction

from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.core.lifecycle.line import LineEvent
from keepline.flows import change_number, swap_sim
from keepline.inventory import services as inventory
from keepline.inventory import sims
from keepline.inventory.models import Number, OwnershipPeriod
from keepline.lines import services as lines
from keepline.lines.models import Line
from tests.cast import NOW, Cast, assemble
from tests.inventory import shelves

OLD = 447700900000
NEW = 447700900001


def numbered(fee_minor: int = 250, sim: bool = True) -> tuple[Cast, list[int], list[str]]:
    """Alice's line has the first number and the first card; the others of five are free."""
    cast = assemble(line_fields={"e164": OLD})
    found, cards = equip(cast, fee_minor, sim)
    return cast, found, cards


def equip(cast: Cast, fee_minor: int, sim: bool = True) -> tuple[list[int], list[str]]:
    """The same for a line that is there."""
    Policy.objects.update(number_change_fee_minor={"USD": fee_minor})
    catalog.forget()
    found = shelves.numbers(shelves.pool("uk"), 5)
    cards = shelves.cards(shelves.pool("uk-sim", "card"), 3)
    with transaction.atomic():
        inventory.assign(OLD, cast.account.id, cast.line.id, NOW)
        if sim:
            sims.take_over_card(cards[0], cast.account.id, cast.line.id, NOW)
    Line.objects.filter(id=cast.line.id).update(e164=OLD, iccid=cards[0] if sim else None)
    return found, cards


def number_change(cast: Cast, **changes: Any) -> change_number.NumberChangeRequest:
    return change_number.NumberChangeRequest(**(_values(cast) | changes))


def sim_swap(cast: Cast, **changes: Any) -> swap_sim.SimSwapRequest:
    return swap_sim.SimSwapRequest(**(_values(cast) | {"sim": "card"} | changes))


def _values(cast: Cast) -> dict[str, Any]:
    return {
        "account_id": cast.account.id,
        "line_id": cast.line.id,
        "key": f"key-{cast.account.id}",
        "expected_fee_minor": None,
        "actor": "user:1",
        "channel": "portal",
    }


def moved(cast: Cast, *events: LineEvent) -> None:
    """The line goes its way by the clock, or by hand."""
    for event in events:
        with transaction.atomic():
            locked = lines.lock_line(cast.line.id, cast.account.id)
            lines.transition(locked, event, "clock", "", NOW)


def as_before(cast: Cast) -> None:
    """The line has its old number, which alone has a holder; every other one is free."""
    assert Line.objects.by_id(cast.line.id).e164 == OLD
    assert Number.objects.get(e164=OLD).state == "assigned"
    assert not Number.objects.exclude(e164=OLD).exclude(state="available").exists()
    assert list(OwnershipPeriod.objects.values_list("e164", "ends_at")) == [(OLD, None)]
