"""Choosing from stock: who comes second is refused at once, nobody is while one is left."""

import re
from datetime import timedelta
from functools import partial
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection, transaction

from keepline.catalog.models import Carrier
from keepline.core.lifecycle.card import CardEvent
from keepline.inventory import holding, queries, services, sims
from keepline.inventory.holding import HOLD_FOR, NoneFree
from keepline.inventory.models import Card, Number, OwnershipPeriod, Profile
from keepline.inventory.services import NumberTaken, StockTaken
from keepline.slots.ids import new_id
from tests.cast import NOW
from tests.flows.at_once import at_once, deadlocks
from tests.inventory import shelves

UNTIL = NOW + HOLD_FOR
LATER = UNTIL + timedelta(seconds=1)


def state_of(e164: int) -> tuple[str, UUID | None]:
    number = Number.objects.get(e164=e164)
    return number.state, number.account_id


def held_while_all_look(pool_id: int, account_id: UUID, everybody: Barrier) -> int | None:
    """Holds one, and keeps the transaction open until every buyer has an answer.

    Whoever waited for somebody else's lock would wait for ever: the barrier would break.
    """
    with transaction.atomic():
        try:
            got: int | None = holding.hold_any(Number, [pool_id], account_id, UNTIL, NOW).e164
        except NoneFree:
            got = None
        everybody.wait(60)
    return got


def assigned(e164: int, account_id: UUID) -> None:
    with transaction.atomic():
        services.assign(e164, account_id, new_id(account_id.int >> 64 & 0xFFF), NOW)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_hundred_buyers_of_a_hundred_numbers() -> None:
    buyers, count = 200, 100
    pool = shelves.pool()
    stock = shelves.numbers(pool, count)
    before, everybody = deadlocks(), Barrier(buyers)
    accounts = [new_id(place % 256) for place in range(buyers)]
    got = at_once(
        [partial(held_while_all_look, pool.id, account, everybody) for account in accounts]
    )
    wrong = [answer for answer in got if not isinstance(answer, int | None)]
    assert wrong == []
    assert sorted(answer for answer in got if answer) == stock
    assert got.count(None) == buyers - count
    owners = [(e164, account) for e164, account in zip(got, accounts, strict=True) if e164]
    assert at_once([partial(assigned, *owner) for owner in owners]) == [None] * count
    held = OwnershipPeriod.objects.filter(ends_at=None).values_list("e164", "account_id")
    assert sorted(held) == sorted(owners)
    assert Number.objects.filter(state="assigned").count() == count
    assert deadlocks() == before


@pytest.mark.django_db(transaction=True)
def test_one_number_that_fifty_want() -> None:
    (e164,) = shelves.numbers(shelves.pool(), 1)
    everybody = Barrier(50)

    def choose(account_id: UUID) -> bool:
        with transaction.atomic():
            try:
                holding.hold(Number, e164, account_id, UNTIL, NOW)
                return True
            except StockTaken:
                return False
            finally:
                everybody.wait(60)

    accounts = [new_id(place) for place in range(50)]
    got = at_once([partial(choose, account) for account in accounts])
    assert sorted(got) == [False] * 49 + [True]
    assert state_of(e164) == ("held", accounts[got.index(True)])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [Card, Profile])
def test_cards_and_profiles_are_chosen_in_the_same_way(kind: type[Card] | type[Profile]) -> None:
    pool = shelves.pool(kind=kind.__name__.lower())
    stock = (shelves.cards if kind is Card else shelves.profiles)(pool, 5)
    everybody = Barrier(12)

    def choose(account_id: UUID) -> str | None:
        with transaction.atomic():
            try:
                return str(holding.hold_any(kind, [pool.id], account_id, UNTIL, NOW).iccid)
            except NoneFree:
                return None
            finally:
                everybody.wait(60)

    got = at_once([partial(choose, new_id(place)) for place in range(12)])
    assert sorted(name for name in got if name) == sorted(stock)
    assert got.count(None) == 7


@pytest.mark.django_db
def test_what_lay_free_longest_is_sold_first_and_what_nobody_had_before_all() -> None:
    pool, account = shelves.pool(), new_id(1)
    rested = [NOW - timedelta(days=days) for days in (5, 50, 20)]
    for place, since in enumerate(rested):
        shelves.numbers(pool, 1, shelves.FIRST + place, rested_since=since)
    shelves.numbers(pool, 1, shelves.FIRST + 9)
    order = [holding.hold_any(Number, [pool.id], account, UNTIL, NOW).e164 for _ in range(4)]
    assert [e164 - shelves.FIRST for e164 in order] == [9, 1, 2, 0]
    with pytest.raises(NoneFree):
        holding.hold_any(Number, [pool.id], account, UNTIL, NOW)


@pytest.mark.django_db
def test_pools_are_asked_in_turn_and_no_other_is() -> None:
    first, second, foreign = (shelves.pool(code) for code in ("a", "b", "c"))
    shelves.numbers(second, 1, shelves.FIRST + 1)
    (elsewhere,) = shelves.numbers(foreign, 1)
    pools, account = [first.id, second.id], new_id(1)
    assert holding.hold_any(Number, pools, account, UNTIL, NOW).e164 == shelves.FIRST + 1
    with pytest.raises(NoneFree):
        holding.hold_any(Number, pools, account, UNTIL, NOW)
    with pytest.raises(StockTaken):
        holding.hold(Number, elsewhere, account, UNTIL, NOW, pools)
    assert state_of(elsewhere) == ("available", None)


@pytest.mark.django_db
def test_a_hold_that_ran_out_is_the_next_buyers_at_once() -> None:
    pool, first, second = shelves.pool(), new_id(1), new_id(2)
    (e164,) = shelves.numbers(pool, 1)
    holding.hold(Number, e164, first, UNTIL, NOW)
    with pytest.raises(NoneFree):
        holding.hold_any(Number, [pool.id], second, UNTIL, NOW)
    with pytest.raises(StockTaken):
        holding.hold(Number, e164, second, UNTIL, UNTIL - timedelta(seconds=1))
    held = holding.hold_any(Number, [pool.id], second, UNTIL + HOLD_FOR, UNTIL)
    assert (held.e164, state_of(e164)) == (e164, ("held", second))
    with pytest.raises(NumberTaken):
        services.assign(e164, first, new_id(1), LATER)
    third = new_id(3)
    holding.hold(Number, e164, third, LATER + 2 * HOLD_FOR, LATER + HOLD_FOR)
    assert state_of(e164) == ("held", third)


@pytest.mark.django_db
def test_only_its_holder_extends_puts_back_and_is_given_it() -> None:
    pool, holder, other = shelves.pool(), new_id(1), new_id(2)
    (e164,) = shelves.numbers(pool, 1)
    holding.hold(Number, e164, holder, UNTIL, NOW)
    assert holding.hold(Number, e164, holder, LATER, NOW).until_at == LATER
    assert Number.objects.get().until_at == LATER
    assert not holding.unhold(Number, e164, other, None, NOW)
    with pytest.raises(NumberTaken):
        services.assign(e164, other, new_id(2), NOW)
    assert not holding.unhold(Number, e164, holder, new_id(1), NOW)  # it is held for no line
    assert holding.unhold(Number, e164, holder, None, NOW)
    assert state_of(e164) == ("available", None)
    assert not holding.unhold(Number, e164, holder, None, NOW)
    holding.hold(Number, e164, holder, UNTIL, NOW)
    services.assign(e164, holder, new_id(1), NOW)
    number = Number.objects.get()
    assert (number.state, number.until_at, number.taken_at) == ("assigned", None, NOW)
    for buyer in (holder, other):
        with pytest.raises(StockTaken):
            holding.hold(Number, e164, buyer, LATER, LATER)


@pytest.mark.django_db
def test_what_does_not_exist_is_not_held() -> None:
    with pytest.raises(StockTaken):
        holding.hold(Number, shelves.FIRST, new_id(1), UNTIL, NOW)
    with pytest.raises(StockTaken):
        holding.hold(Card, shelves.iccid(1), new_id(1), UNTIL, NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["assigned", "recall", "quarantine", "retired", "ported_out"])
def test_what_is_not_free_is_not_held(state: str) -> None:
    """Not even when its quarantine is over: its data has to be erased first."""
    pool = shelves.pool()
    (e164,) = shelves.numbers(pool, 1, state=state, until_at=NOW - timedelta(days=1))
    with pytest.raises(StockTaken):
        holding.hold(Number, e164, new_id(1), UNTIL, NOW)
    with pytest.raises(NoneFree):
        holding.hold_any(Number, [pool.id], new_id(1), UNTIL, NOW)
    assert services.release_holds(LATER, 10) == 0
    assert state_of(e164)[0] == state


@pytest.mark.django_db
def test_holds_that_ran_out_are_put_back_in_sets() -> None:
    numbers, plastic, esims = (shelves.pool(k, k) for k in ("number", "card", "profile"))
    one, other = new_id(1), new_id(2)
    for place, e164 in enumerate(shelves.numbers(numbers, 4)):
        holding.hold(Number, e164, (one, other)[place % 2], UNTIL, NOW)
    (late,) = shelves.numbers(numbers, 1, shelves.FIRST + 50)
    holding.hold(Number, late, one, LATER, NOW)
    for kind, names in ((Card, shelves.cards(plastic, 1)), (Profile, shelves.profiles(esims, 1))):
        holding.hold(kind, names[0], one, UNTIL, NOW)
    assert services.release_holds(UNTIL - timedelta(seconds=1), 100) == 0
    assert services.release_holds(UNTIL, 100, but=[one]) == 2
    assert services.release_holds(UNTIL, 100, accounts=[other]) == 0
    assert services.release_holds(UNTIL, 1) == 3  # one of each kind
    assert services.release_holds(UNTIL, 100) == 1
    assert state_of(late) == ("held", one)
    assert Number.objects.filter(state="available", account_id=None, until_at=None).count() == 4
    assert (Card.objects.get().state, Profile.objects.get().state) == ("available", "available")


@pytest.mark.django_db(transaction=True)
def test_a_hold_on_its_way_to_its_buyer_is_not_taken_from_under_them() -> None:
    """At the edge of the quarter of an hour: who locked it first has it."""
    pool, holder = shelves.pool(), new_id(1)
    (e164,) = shelves.numbers(pool, 1)
    with transaction.atomic():
        holding.hold(Number, e164, holder, UNTIL, NOW)
    both = Barrier(2)

    def buy() -> str:
        with transaction.atomic():
            services.assign(e164, holder, new_id(1), LATER)
            both.wait(30)
            both.wait(30)
        return "bought"

    def tidy() -> int:
        both.wait(30)
        freed = services.release_holds(LATER, 10)
        both.wait(30)
        return freed

    assert at_once([buy, tidy]) == ["bought", 0]
    assert state_of(e164) == ("assigned", holder)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Number, Card, Profile])
def test_what_every_buyer_runs_reads_the_head_of_an_index(
    kind: type[Number] | type[Card] | type[Profile],
) -> None:
    """Also by a plan that was made before its parameters were known."""
    rows = holding.free(kind, 1).select_for_update(skip_locked=True, no_key=True)[:1]
    sql, params = rows.query.sql_with_params()
    assert params == (1,)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE buyer (int) AS {sql.replace('%s', '$1')}")
        cursor.execute("EXPLAIN EXECUTE buyer (1)")
        explained = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("DEALLOCATE buyer")
    assert f"using {kind.__name__.lower()}_free " in explained, explained
    assert "Sort" not in explained
    looked_at_again = ["((state)::text = 'available'::text)"]  # what was locked may have moved
    assert re.findall(r"Filter: (.*)", explained) == looked_at_again, explained


@pytest.mark.django_db
def test_buyers_are_shown_different_numbers_and_each_the_same_again() -> None:
    pool = shelves.pool()
    stock = shelves.numbers(pool, 100)
    shown = {
        account: queries.free_numbers(pool.id, account, 5) for account in map(new_id, range(40))
    }
    for account, few in shown.items():
        assert few == queries.free_numbers(pool.id, account, 5)
        assert len(set(few)) == 5
        assert set(few) <= set(stock)
    assert len({few[0] for few in shown.values()}) > 20  # of 40 buyers; the same ten would be 1
    account = next(iter(shown))
    with transaction.atomic():
        holding.hold(Number, shown[account][0], account, UNTIL, NOW)
    assert shown[account][0] not in queries.free_numbers(pool.id, account, 5)


@pytest.mark.django_db
def test_which_pools_serve_a_plan() -> None:
    ours, theirs = (
        Carrier.objects.create(code=code, name=code, country="GB") for code in ("ours", "theirs")
    )
    any_, british, own, both = (
        shelves.pool("any"),
        shelves.pool("british", country="GB"),
        shelves.pool("own", carrier=ours),
        shelves.pool("both", carrier=ours, country="GB"),
    )
    french = shelves.pool("foreign", country="FR")
    shelves.pool("theirs", carrier=theirs)
    shelves.pool("cards", kind="card")
    assert queries.pools_for("number", ours.id, ["GB", "IE"]) == [
        both.id,
        own.id,
        british.id,
        any_.id,
    ]
    assert queries.pools_for("number", None, ["IE"]) == [any_.id]
    bound_to_no_country = queries.pools_for("number", None, [])
    assert bound_to_no_country == [british.id, french.id, any_.id]


@pytest.mark.django_db
def test_a_row_that_moved_meanwhile_is_not_moved_again() -> None:
    pool, account = shelves.pool(kind="card"), new_id(1)
    (name,) = shelves.cards(pool, 1)
    stale = Card.objects.get()
    holding.hold(Card, name, account, UNTIL, NOW)
    with pytest.raises(services.Moved):
        services.transition(stale, CardEvent.RETIRE, NOW)
    assert sims.lock_sim(Card, name).state == "held"
