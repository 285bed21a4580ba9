"""What tests of numbers that leave share."""

from datetime import timedelta

from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.core.lifecycle.line import LineState
from keepline.flows.authorise_port import authorise
from keepline.flows.reveal_port_code import reveal
from keepline.inventory import services as inventory
from keepline.inventory.models import Number, OwnershipPeriod
from keepline.lines.models import Line, Validity
from keepline.messages.models import Outbox
from keepline.porting.models import PortOut
from tests.cast import NOW, Cast
from tests.flows.changing import OLD, numbered
from tests.porting import ScriptedHouse

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ASKED = NOW + 8 * DAY  # the number is no newcomer any more
READY = ASKED + DAY


def settled(house: ScriptedHouse) -> Cast:
    """Alice's line has had its number for more than a week, and the clearing house knows it."""
    cast, *_ = numbered()
    house.owns(OLD)
    return cast


def at_once(cast: Cast) -> None:
    """Her line gets a number that may leave without a wait."""
    inventory.add_numbers([OLD], NOW)
    inventory.assign(OLD, cast.account.id, cast.line.id, NOW - DAY)
    Line.objects.filter(id=cast.line.id).update(e164=OLD)
    Policy.objects.update(port_out_after_days=0, port_out_wait_hours=0)
    catalog.forget()


def with_code(cast: Cast) -> str:
    """Asked for, waited for, and seen."""
    authorise(cast.account.id, cast.line.id, "user:1", ASKED)
    return reveal(cast.account.id, cast.line.id, "user:1", READY)


def told() -> list[str]:
    return list(Outbox.objects.order_by("id").values_list("kind", flat=True))


def line_state(cast: Cast) -> str:
    return str(Validity.objects.by_id(cast.line.id).state)


def way_out(cast: Cast) -> PortOut:
    return PortOut.objects.filter(line_id=cast.line.id).order_by("-id")[0]


def is_with_alice(cast: Cast, state: str = LineState.ACTIVE) -> bool:
    """The line lives, and the number is its own."""
    number = Number.objects.get(e164=OLD)
    (period,) = OwnershipPeriod.objects.filter(e164=OLD)
    mine = (number.state, number.line_id, period.ends_at) == ("assigned", cast.line.id, None)
    return mine and line_state(cast) == state
