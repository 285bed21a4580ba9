"""The worker killed on its way to and from a charge of a saved method: charged once, or not at all.

The boundaries of a charge are those of settle_payment, passed by an order that names a method. Each
provider that keeps ways to pay meets each of them.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from keepline.flows.audit_books import audit
from tests.crash.boundaries import steps
from tests.crash.saving_acts import saved
from tests.crash.scenarios import RENEWING, RUNS_OUT
from tests.crash.world import Outside, World, a_world, dies
from tests.gateways.tills import CURRENCIES, meetings

pytestmark = pytest.mark.django_db(transaction=True)
Outsides = Callable[[str], Outside]

PASSED = ["ask:before", "ask:after", "book:before", "book:uncommitted", "book:after"]
KEEPING = {name: words for name, words in CURRENCIES.items() if name != "alipay"}


def ordered(outside: Outside, currency: str) -> World:
    """A line whose wallet is short, and an order that waits for its charge."""
    world = a_world(outside, currency, wallet_minor=100, line_fields=RUNS_OUT)
    saved(world)
    RENEWING.do(world)
    world.sweep()
    assert world.order().payment_minor == 200
    return world


def test_these_are_the_boundaries() -> None:
    assert {step for step in steps() if step.startswith("settle_payment.")} >= {
        f"settle_payment.{place.split(':')[0]}" for place in PASSED
    }


@pytest.mark.parametrize(("provider", "currency", "place"), meetings(PASSED, KEEPING))
def test_a_charge_is_made_once(provider: str, currency: str, place: str, outside: Outsides) -> None:
    world = ordered(outside(provider), currency)
    assert dies(world.outside, f"settle_payment.{place}", world.work), "it survived"
    world.later(minutes=1)  # what the dead worker held is due again
    world.rest()
    end = world.end()
    assert end["orders"] == [("renewal", "completed", "", False)]
    assert end["payments"] == [("captured", 200, 0)]
    assert end["at the provider"] == [("captured", 200, 0)]
    assert end["wallet"] == (0, 0)
    assert end["extensions"] == 2
    assert audit(world.now() + timedelta(minutes=20)) == []
