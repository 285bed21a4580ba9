"""Web and worker killed at every boundary of every step: the same end, and nothing twice.

The boundaries are read from the code. A boundary that no scenario passes fails here: a new step
needs its story in scenarios.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from keepline.flows import steps as flow_steps
from keepline.flows.audit_books import audit
from keepline.lines.models import Validity
from tests import cast as stage
from tests.crash.boundaries import boundaries
from tests.crash.scenarios import SCENARIOS, Scenario
from tests.crash.world import Outside, World, dies

pytestmark = pytest.mark.django_db(transaction=True)

# scenario -> (the boundaries that each act passes, where it leads)
_traces: dict[str, tuple[list[set[str]], dict[str, Any]]] = {}


def set_up(scenario: Scenario, outside: Outside) -> World:
    suffix = uuid4().hex[:8]
    cast = stage.assemble(suffix=suffix, code=f"plan-{suffix}", **scenario.cast)
    world = World(outside, cast)
    # The cast's time is long over by a world's clock; only its own acts shall wake the line's.
    rest_until = world.now() + timedelta(days=9)
    Validity.objects.filter(id=cast.line.id).update(next_action_at=rest_until)
    return world


def trace(name: str, outside: Outside) -> tuple[list[set[str]], dict[str, Any]]:
    """Goes through a scenario in which nobody dies."""
    if name not in _traces:
        world = set_up(SCENARIOS[name], outside)
        passed: list[set[str]] = []
        for act in SCENARIOS[name].acts:
            with recorded() as names:
                act.do(world)
            passed.append(names if act.ours else set())
        world.rest()
        outside.sandbox.call("DELETE", "/control/behaviour").raise_for_status()
        _traces[name] = passed, world.end()
    return _traces[name]


@contextmanager
def recorded() -> Iterator[set[str]]:
    names: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow_steps, "crash_point", names.add)
        yield names


def story_of(boundary: str, outside: Outside) -> tuple[str, int]:
    """The first scenario that passes it, and the act in which it does."""
    for name in SCENARIOS:
        for place, passed in enumerate(trace(name, outside)[0]):
            if boundary in passed:
                return name, place
    raise AssertionError(f"no scenario passes {boundary}")


def to_the_death(boundary: str, outside: Outside) -> tuple[str, int, World]:
    """The story up to the boundary, at which the process was killed."""
    name, place = story_of(boundary, outside)
    world = set_up(SCENARIOS[name], outside)
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


@pytest.mark.parametrize("boundary", boundaries())
def test_the_same_end_when_everybody_tries_again(boundary: str, outside: Outside) -> None:
    """Who was killed is started again, who asked asks again with the same key."""
    name, place, world = to_the_death(boundary, outside)
    for act in SCENARIOS[name].acts[place:]:
        act.do(world)
    world.rest()
    assert world.end() == trace(name, outside)[1]
    all_is_well(world)


@pytest.mark.parametrize("boundary", boundaries())
def test_money_equals_service_when_nobody_comes_back(boundary: str, outside: Outside) -> None:
    """Only the workers live on: the order is completed, refunded, or was never paid for."""
    _, _, world = to_the_death(boundary, outside)
    world.rest()
    end = world.end()
    for _, state, _, undo_due in end["orders"]:
        assert state in ("completed", "failed", "cancelled", "withdrawn")
        assert not undo_due
    all_is_well(world)
