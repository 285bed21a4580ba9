"""Web and worker killed at every boundary of every step: the same end, and nothing twice.

The boundaries are read from the code. A boundary that no scenario passes fails here: a new step
needs its story in scenarios.py, and in paid_scenarios.py if it speaks to a provider.

`make kills` (KILLS=all) has everybody meet everything. Without it every boundary is met at the
sandbox by those who try again, and those at providers by one other adapter in turn; nobody comes
back from those at providers alone. Of the two deaths that leave the same rows, before a transaction
and before its commit, each step then meets one, in turn.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from keepline.flows import steps as flow_steps
from keepline.flows.audit_books import audit
from tests.crash.boundaries import boundaries, boundaries_at_providers, without_twins
from tests.crash.paid_scenarios import PAID_SCENARIOS
from tests.crash.scenarios import SCENARIOS
from tests.crash.world import Outside, World, a_world, dies
from tests.gateways.tills import CURRENCIES, meetings

pytestmark = pytest.mark.django_db(transaction=True)

# The sandbox meets every boundary there is; every other adapter those at which providers are spoken
# to, in the same stories, killed at the same places. Where nobody comes back it is the workers who
# act, the same for all: there each boundary is met by one of the others in turn.
OTHERS = {name: words for name, words in CURRENCIES.items() if name != "sandbox"}
EVERYTHING = os.environ.get("KILLS") == "all"
MET = boundaries() if EVERYTHING else without_twins(boundaries())
AT_THE_SANDBOX = meetings(MET, {"sandbox": CURRENCIES["sandbox"]})
BY_ALL = meetings(boundaries_at_providers(), OTHERS)
EACH = len(BY_ALL) // len(OTHERS)
IN_TURN = [BY_ALL[place % len(OTHERS) * EACH + place] for place in range(EACH)]
PAID = meetings(boundaries_at_providers(), {"sandbox": CURRENCIES["sandbox"]})
TRIED_AGAIN = [*AT_THE_SANDBOX, *(BY_ALL if EVERYTHING else IN_TURN)]
ABANDONED = [*AT_THE_SANDBOX, *IN_TURN] if EVERYTHING else PAID
Outsides = Callable[[str], Outside]

# (scenario, provider) -> (the boundaries that each act passes, where it leads)
_traces: dict[tuple[str, str], tuple[list[set[str]], dict[str, Any]]] = {}


def trace(name: str, outside: Outside) -> tuple[list[set[str]], dict[str, Any]]:
    """Goes through a scenario in which nobody dies. Its end is the same in every currency."""
    known = name, outside.till.name
    if known not in _traces:
        currency = CURRENCIES[outside.till.name][0]
        world = a_world(outside, currency, **SCENARIOS[name].cast)
        passed: list[set[str]] = []
        for act in SCENARIOS[name].acts:
            with recorded() as names:
                act.do(world)
            passed.append(names if act.ours else set())
        world.rest()
        outside.till.good_day()
        _traces[known] = passed, world.end()
        world.sleep()
    return _traces[known]


@contextmanager
def recorded() -> Iterator[set[str]]:
    names: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow_steps, "crash_point", names.add)
        yield names


def story_of(boundary: str, outside: Outside) -> tuple[str, int]:
    """The first scenario that passes it, and the act in which it does."""
    for name in SCENARIOS if outside.till.name == "sandbox" else PAID_SCENARIOS:
        for place, passed in enumerate(trace(name, outside)[0]):
            if boundary in passed:
                return name, place
    raise AssertionError(f"no scenario passes {boundary}")


def to_the_death(boundary: str, outside: Outside, currency: str) -> tuple[str, int, World]:
    """The story up to the boundary, at which the process was killed."""
    name, place = story_of(boundary, outside)
    world = a_world(outside, currency, **SCENARIOS[name].cast)
    acts = SCENARIOS[name].acts
    for act in acts[:place]:
        act.do(world)
    assert dies(outside, boundary, lambda: acts[place].do(world)), "it survived"
    return name, place, world


def all_is_well(world: World) -> None:
    assert audit(world.now() + timedelta(minutes=20)) == []
    end = world.end()
    for (state, captured, refunded), theirs in zip(
        end["payments"], end["at the provider"], strict=True
    ):
        assert theirs[1:] == (captured, refunded) or state in ("created", "declined", "expired")
    assert not any(asked_for for *_, asked_for in end["ways in"])


@pytest.mark.parametrize(("provider", "currency", "boundary"), TRIED_AGAIN)
def test_the_same_end_when_everybody_tries_again(
    provider: str, currency: str, boundary: str, outside: Outsides
) -> None:
    """Who was killed is started again, who asked asks again with the same key."""
    name, place, world = to_the_death(boundary, outside(provider), currency)
    for act in SCENARIOS[name].acts[place:]:
        act.do(world)
    world.rest()
    assert world.end() == trace(name, world.outside)[1]
    all_is_well(world)


@pytest.mark.parametrize(("provider", "currency", "boundary"), ABANDONED)
def test_money_equals_service_when_nobody_comes_back(
    provider: str, currency: str, boundary: str, outside: Outsides
) -> None:
    """Only the workers live on: the order is completed, refunded, or was never paid for."""
    _, _, world = to_the_death(boundary, outside(provider), currency)
    world.rest()
    end = world.end()
    for _, state, _, undo_due in end["orders"]:
        assert state in ("completed", "failed", "cancelled", "withdrawn")
        assert not undo_due
    all_is_well(world)
