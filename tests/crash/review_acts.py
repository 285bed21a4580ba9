"""What staff do in stories of payments in review."""

from contextlib import suppress

from keepline.flows.errors import FlowRefused
from keepline.flows.review_payment import approve, refuse
from tests.crash.world import World
from tests.limits import hardly_any

# Large in every currency of the stories: 2,500 euros, 250,000 yen, 250 dinars.
LARGE = {"wallet_minor": 100, "price_minor": 250_000}


def start(world: World) -> None:
    """A renewal of more than a day's sum."""
    with hardly_any():
        world.start()


def accept(world: World) -> None:
    """Somebody of staff lets it pass; who asks again is told that it is decided."""
    with suppress(FlowRefused):
        approve(world.order().id, "", "staff:1", world.now())


def say_no(world: World) -> None:
    """Likewise."""
    with suppress(FlowRefused):
        refuse(world.order().id, "too many names", "staff:1", world.now())
