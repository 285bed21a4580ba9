"""hold_number: a buyer has a number for a quarter of an hour, or hears politely why not."""

from functools import partial

import pytest
from django.db import connection

from keepline.flows.errors import FlowRefused
from keepline.flows.hold_number import MOST_HELD, HeldNumber, hold_number
from keepline.inventory import services
from keepline.inventory.holding import HOLD_FOR
from keepline.inventory.models import Number
from keepline.slots.ids import new_id
from tests.cast import NOW
from tests.flows.at_once import at_once, deadlocks
from tests.inventory import shelves

ALICE, BOB = new_id(1), new_id(2)


def refused(*arguments: object) -> str:
    with pytest.raises(FlowRefused) as caught:
        hold_number(*arguments)  # type: ignore[arg-type]
    return caught.value.code


@pytest.mark.django_db
def test_chosen_or_any_for_a_quarter_of_an_hour() -> None:
    pool = shelves.pool()
    first, second, third = shelves.numbers(pool, 3)
    assert hold_number(ALICE, [pool.id], second, NOW) == HeldNumber(second, NOW + HOLD_FOR)
    assert hold_number(BOB, [pool.id], None, NOW).e164 == first
    assert refused(BOB, [pool.id], second, NOW) == "number_taken"
    assert refused(BOB, [], third, NOW) == "number_taken"  # of no pool that serves the plan
    assert refused(BOB, [], None, NOW) == "none_free"
    hold_number(BOB, [pool.id], None, NOW)
    assert refused(BOB, [pool.id], None, NOW) == "none_free"
    assert hold_number(BOB, [pool.id], second, NOW + HOLD_FOR).e164 == second


@pytest.mark.django_db
def test_nobody_holds_the_whole_shelf() -> None:
    pool = shelves.pool()
    shelves.numbers(pool, MOST_HELD + 2)
    for _ in range(MOST_HELD):
        hold_number(ALICE, [pool.id], None, NOW)
    assert refused(ALICE, [pool.id], None, NOW) == "too_many_held"
    assert hold_number(BOB, [pool.id], None, NOW)
    assert hold_number(ALICE, [pool.id], None, NOW + HOLD_FOR)


@pytest.mark.django_db
def test_who_chooses_another_puts_the_first_one_down() -> None:
    pool = shelves.pool()
    first, second, third = shelves.numbers(pool, 3)
    hold_number(ALICE, [pool.id], first, NOW)
    hold_number(BOB, [pool.id], third, NOW)
    hold_number(ALICE, [pool.id], second, NOW, instead_of=first)
    hold_number(ALICE, [pool.id], second, NOW, instead_of=second)
    hold_number(ALICE, [pool.id], second, NOW, instead_of=third)  # is Bob's
    states = dict(Number.objects.values_list("e164", "account_id"))
    assert states == {first: None, second: ALICE, third: BOB}
    Number.objects.filter(e164=second).update(line_id=new_id(1), until_at=None)
    hold_number(ALICE, [pool.id], first, NOW, instead_of=second)  # a line is being bought with it
    assert Number.objects.get(e164=second).state == "held"
    Number.objects.filter(e164=second).update(line_id=None, until_at=NOW)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_hundred_buyers_of_a_hundred_numbers() -> None:
    pool = shelves.pool()
    stock = shelves.numbers(pool, 100)
    before = deadlocks()
    buyers = [new_id(place % 256) for place in range(200)]
    got = at_once([partial(hold_number, buyer, [pool.id], None, NOW) for buyer in buyers])
    held = [answer for answer in got if isinstance(answer, HeldNumber)]
    refusals = [answer.code for answer in got if isinstance(answer, FlowRefused)]
    assert (len(held), refusals) == (100, ["none_free"] * 100), got
    assert sorted(one.e164 for one in held) == stock
    owned = dict(Number.objects.values_list("e164", "account_id"))
    for buyer, answer in zip(buyers, got, strict=True):
        if isinstance(answer, HeldNumber):
            assert owned[answer.e164] == buyer
    assert deadlocks() == before
    assert services.release_holds(NOW + HOLD_FOR, 1000) == 100
    assert connection.in_atomic_block is False
