"""The quiet test: nobody gets a number to which people still write, and none rests for ever."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.core.lifecycle.line import LineState
from keepline.flows.show_staff_line import show_staff_line
from keepline.flows.show_stock import show_stock
from keepline.flows.sweep_lines import sweep
from keepline.inventory.models import Number
from keepline.lines.models import Validity
from tests.cast import NOW, Cast, assemble
from tests.flows.inboxes import E164, arrives, numbered, take
from tests.inventory import shelves

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
OVER = NOW + 180 * DAY  # tests.flows.inboxes.take
MIDNIGHT = OVER.replace(hour=0)


@pytest.fixture
def resting() -> Cast:
    """Alice's line has ended, its number rests until OVER. NOW is noon."""
    cast = numbered(assemble(line_fields={"e164": E164}))
    Validity.objects.filter(id=cast.line.id).update(
        state=LineState.TERMINATED, next_step=None, next_action_at=None
    )
    take(E164, NOW)
    return cast


def number() -> Number:
    found: Number = Number.objects.get(e164=E164)
    return found


def rules(**fields: int) -> None:
    Policy.objects.update(**fields)
    catalog.forget()


def written_to(at: datetime) -> None:
    assert arrives(at).outcome == "unclaimed"


def test_nobody_writes_and_it_is_free(resting: Cast) -> None:
    assert sweep(OVER - timedelta(seconds=1)) == {}
    assert sweep(OVER) == {"released": 1}
    assert (number().state, number().longest_until) == ("available", None)


def test_it_is_free_once_nobody_wrote_for_long_enough(resting: Cast) -> None:
    written_to(OVER - 30 * DAY)  # the day 30 whole days ago counts: they are over at midnight
    assert sweep(OVER) == {"put_off": 1}
    assert (number().state, number().until_at) == ("quarantine", MIDNIGHT + DAY)
    assert number().longest_until == OVER + 180 * DAY
    assert sweep(OVER) == {}, "it is no more due"
    written_to(MIDNIGHT + DAY - timedelta(seconds=1))
    assert sweep(MIDNIGHT + DAY) == {"put_off": 1}
    assert number().until_at == MIDNIGHT + 31 * DAY
    assert number().longest_until == OVER + 180 * DAY, "the end of it does not move"
    assert sweep(MIDNIGHT + 31 * DAY) == {"released": 1}
    assert (number().state, number().longest_until) == ("available", None)


def test_messages_of_long_ago_are_forgiven(resting: Cast) -> None:
    written_to(OVER - 31 * DAY)
    assert sweep(OVER) == {"released": 1}


def test_advertising_does_not_keep_it_for_ever(resting: Cast) -> None:
    rules(quiet_days=10, quiet_days_most=25)
    days = []
    for day in range(40):
        written_to(OVER + (day - 1) * DAY)
        if sweep(OVER + day * DAY).get("released"):
            days.append(day)
            break
    assert days == [25]


def test_a_policy_may_do_without(resting: Cast) -> None:
    rules(quiet_days=0)
    written_to(OVER)
    assert sweep(OVER) == {"released": 1}


def test_it_is_the_rule_of_the_line_that_had_it(resting: Cast) -> None:
    """A version that came later does not count, and one without a line has the usual rule."""
    rules(quiet_days=2)
    written_to(OVER - 4 * DAY)
    Number.objects.update(line_id=None)
    assert sweep(OVER) == {"put_off": 1}
    Number.objects.update(line_id=resting.line.id, until_at=OVER)
    assert sweep(OVER) == {"released": 1}


def test_reclaiming_does_not_grow(resting: Cast) -> None:
    written_to(OVER)
    before = number().reclaim_until
    sweep(OVER)
    assert number().reclaim_until == before


def test_staff_see_it(resting: Cast) -> None:
    Number.objects.update(pool_id=shelves.pool("uk").id)
    rest = show_staff_line(resting.line.id, OVER).rest
    assert rest is not None
    assert (rest.until_at, rest.longest_until, rest.messages) == (OVER, None, 0)
    written_to(OVER - DAY)
    sweep(OVER)
    rest = show_staff_line(resting.line.id, OVER).rest
    assert rest is not None
    assert (rest.longest_until, rest.messages) == (OVER + 180 * DAY, 1)
    assert rest.last_at == OVER - DAY  # at noon, of which nobody knows
    (level,) = show_stock(OVER).levels
    assert (level.resting, level.written_to) == (1, 1)
    assert sweep(OVER + 60 * DAY) == {"released": 1}
    assert show_staff_line(resting.line.id, OVER).rest is None
    assert show_stock(OVER).levels[0].written_to == 0


def test_as_many_statements_for_many_numbers(resting: Cast) -> None:
    def statements(count: int, first: int) -> int:
        pool = shelves.pool(f"from-{first}")
        gone: dict[str, Any] = {"state": "quarantine", "until_at": OVER, "rested_since": NOW}
        for e164 in shelves.numbers(pool, count, first, line_id=resting.line.id, **gone)[::2]:
            arrives(OVER - DAY, to=f"+{e164}")
        with CaptureQueriesContext(connection) as queries:
            shelves.release_rested(OVER)
        assert Number.objects.filter(pool_id=pool.id, state="available").count() == count // 2
        return len(queries)

    statements(2, 447700910000)  # the fixture's goes along
    assert statements(2, 447700910100) == statements(10, 447700910200)
