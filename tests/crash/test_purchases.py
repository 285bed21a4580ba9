"""Purchases killed at every boundary that each of their stories passes, not only in the first story
that does: what is held outside and in stock must come to the same end from everywhere.

With `make kills` at every one; without it, at every sixth of each story in turn.
"""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.crash.purchase_acts import BUY_AT_PROVIDER, PURCHASES
from tests.crash.test_steps import EVERYTHING, all_is_well, trace
from tests.crash.world import Outside, World, a_world, dies

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
Outsides = Callable[[str], Outside]
# Their worlds live a day by minutes: the suite kills them where no other story comes (test_steps).
BY_MINUTES = {
    "a number is brought to a network that refuses",
    "a number comes and nobody hears it",
    "a number is taken back before its date",
    "a number is not to come after all",
    "a number is asked for after its order was taken back",
    "a number comes without its line, and staff try again",
    "a number comes without its line, and staff give it up",
    "a number comes without its line, and staff hand it back by hand",
}
STORIES = [name for name in PURCHASES if EVERYTHING or name not in BY_MINUTES]
FROM_THE_PROVIDER = [name for name, story in PURCHASES.items() if BUY_AT_PROVIDER in story.acts]
SHARE = 6  # one boundary of so many: each takes a second or two, and there are some 700
# How it may end: line, number, profile, profile at the SM-DP+, network.
ENDS = [
    ("active", "assigned", "released", "Released", "as booked"),
    ("terminated", "available", "available", "Available", "nothing"),
    ("terminated", "available", "unavailable", "unknown", "nothing"),
]


def killed(name: str, outside: Outside) -> Iterator[tuple[str, int, World]]:
    """A world for each boundary of the story, in which the process was killed there."""
    turn = count(list(PURCHASES).index(name))
    for place, passed in enumerate(trace(name, outside)[0]):
        for boundary in sorted(passed):
            if not EVERYTHING and next(turn) % SHARE:
                continue
            world = a_world(outside, "EUR", **PURCHASES[name].cast)
            for act in PURCHASES[name].acts[:place]:
                act.do(world)
            act = PURCHASES[name].acts[place]
            assert dies(outside, boundary, lambda act=act, world=world: act.do(world)), boundary  # type: ignore[misc]
            yield boundary, place, world


@pytest.mark.parametrize("name", STORIES)
def test_the_same_end_when_everybody_tries_again(name: str, outside: Outsides) -> None:
    there = outside("sandbox")
    for boundary, place, world in killed(name, there):
        for act in PURCHASES[name].acts[place:]:
            act.do(world)
        world.rest()
        assert (boundary, world.end()) == (boundary, trace(name, there)[1])
        all_is_well(world)
        world.sleep()


@pytest.mark.parametrize("name", FROM_THE_PROVIDER)
def test_all_or_nothing_when_nobody_comes_back(name: str, outside: Outsides) -> None:
    """Only the workers live on; where nobody had to come back, that is the test above."""
    for boundary, _, world in killed(name, outside("sandbox")):
        world.rest()
        end = world.end()
        assert all(not undo_due for _, _, _, undo_due in end["orders"]), boundary
        assert end["bought"] in (None, *ENDS), boundary
        all_is_well(world)
        world.sleep()
