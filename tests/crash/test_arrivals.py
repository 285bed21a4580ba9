"""The roads of a payment at every provider: webhook, browser's return, worker, each first and each
last, twice, hours late. tests/flows/test_arrivals.py goes them in every order, with a provider in
memory; here the adapters, their signatures and their providers' own ways are real.
"""

from collections.abc import Callable

import pytest

from keepline.flows.audit_books import audit
from tests.crash.world import Outside, World, a_world
from tests.gateways.tills import meetings

pytestmark = pytest.mark.django_db(transaction=True)


def worker(world: World) -> None:
    """It looks when the order is due: a quarter of a minute after the checkout opened."""
    world.later(seconds=20)
    world.work()


ROADS = {"webhook": World.webhook, "return": World.come_back, "worker": worker}
ARRIVALS = [
    "webhook-return-worker",
    "return-worker-webhook",
    "worker-webhook-return",
    "webhook-webhook",
    "return-webhook-return-webhook",
    "late-webhook-return",
    "late-return-webhook",
    "nobody",
]
ENDS = {
    "captured": ("completed", "captured", 200, 0),
    "declined": ("cancelled", "declined", 0, 100),
    "expired": ("cancelled", "expired", 0, 100),
}


def arrive(world: World, arrivals: str) -> None:
    for road in arrivals.split("-"):
        if road == "late":
            world.later(hours=2)
        elif road in ROADS:
            ROADS[road](world)


def the_end(world: World, outcome: str) -> None:
    """What it came to, wherever it came from: told once, given once, and the books agree."""
    world.rest(hours=6)
    end, payment, order = world.end(), world.payment(), world.order()
    found = order.state, payment.state, payment.captured_minor, end["wallet"][0]
    assert found == ENDS[outcome]
    assert end["extensions"] == (2 if outcome == "captured" else 1)  # the cast has one
    assert end["at the provider"][0][1:] == (payment.captured_minor, 0)
    assert audit(world.now()) == []


def at_the_checkout(outside: Outside, currency: str) -> World:
    world = a_world(outside, currency, wallet_minor=100)
    world.start()
    world.open()
    return world


@pytest.mark.parametrize(("provider", "currency", "arrivals"), meetings(ARRIVALS))
def test_a_payment(
    provider: str, currency: str, arrivals: str, outside: Callable[[str], Outside]
) -> None:
    world = at_the_checkout(outside(provider), currency)
    world.pay()
    world.webhook_arrives()
    arrive(world, arrivals)
    too_late = not world.till.takes_by_itself and arrivals.startswith("late")
    the_end(world, "expired" if too_late else "captured")


@pytest.mark.parametrize(("provider", "currency", "arrivals"), meetings(ARRIVALS[:3]))
def test_a_decline(
    provider: str, currency: str, arrivals: str, outside: Callable[[str], Outside]
) -> None:
    """Alipay tells the holder alone: it sends nothing, and the checkout is closed when its time is
    over."""
    world = at_the_checkout(outside(provider), currency)
    world.decline()
    if world.till.declines_for_good:
        world.webhook_arrives()
    else:
        arrivals = arrivals.replace("webhook", "nobody")
    arrive(world, arrivals)
    the_end(world, "declined" if world.till.declines_for_good else "expired")
