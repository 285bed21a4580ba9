"""A number has one holder at any instant: the services see to it, the database insists."""

import threading
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from keepline.core.lifecycle.machine import IllegalTransition
from keepline.core.lifecycle.number import NumberEvent, NumberState
from keepline.inventory import naming, queries, services
from keepline.inventory.models import Number, OwnershipPeriod
from keepline.slots.ids import new_id
from keepline.slots.sql import execute
from tests.cast import NOW
from tests.inventory import shelves

E164 = 447700900999
SLOT = naming.slot_of_number(E164)


def withdraw(e164: int, rest_days: int, at: datetime) -> None:
    """As the sweep does: the number locked first, its window as long as its rest."""
    until = at + timedelta(days=rest_days)
    assert set(services.lock_numbers([e164])) == {e164}
    services.withdraw_all([services.Withdrawal(e164, until, until)], at)


@pytest.mark.django_db
def test_a_second_holder_is_refused_until_the_first_is_gone() -> None:
    services.add_numbers([E164], NOW)
    first, second = new_id(1), new_id(2)
    services.assign(E164, first, new_id(1), NOW)
    with pytest.raises(services.NumberTaken):
        services.assign(E164, second, new_id(2), NOW + timedelta(days=1))
    withdraw(E164, 180, NOW + timedelta(days=90))
    number = queries.number(E164)
    assert number is not None
    assert (number.state, number.until_at) == (NumberState.QUARANTINE, NOW + timedelta(days=270))
    with pytest.raises(services.NumberTaken):
        services.assign(E164, second, new_id(2), NOW + timedelta(days=91))
    assert queries.holder_at(E164, NOW + timedelta(days=5)) == first
    assert queries.holder_at(E164, NOW + timedelta(days=90)) is None


def day(count: int | None) -> datetime | None:
    return None if count is None else NOW + timedelta(days=count)


def _enter(begins: int, ends: int | None, follows: int | None) -> None:
    """A period of days since NOW, past every service."""
    OwnershipPeriod.objects.create(
        slot=SLOT,
        id=new_id(SLOT),
        e164=E164,
        begins_at=day(begins),
        ends_at=day(ends),
        follows_at=day(follows),
        account_id=new_id(2),
        line_id=new_id(2),
    )


@pytest.mark.django_db
def test_the_database_refuses_overlapping_periods_and_takes_adjacent_ones() -> None:
    _enter(0, 10, None)
    for wrong in (
        (9, 12, 10),  # begins before the end it names
        (10, 12, None),  # a second first one
        (10, 12, 9),  # follows what is not there
        (12, 12, 10),  # lasts no time
        (13, 12, 10),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            _enter(*wrong)
    _enter(10, 20, 10)
    for wrong in ((10, 15, 10), (10, None, 10)):  # a second one after the first
        with pytest.raises(IntegrityError), transaction.atomic():
            _enter(*wrong)
    _enter(25, None, 20)
    with pytest.raises(IntegrityError), transaction.atomic():
        _enter(30, None, 20)
    assert OwnershipPeriod.objects.count() == 3


DAYS = st.integers(0, 6)
MAYBE = st.none() | DAYS
TRIES = st.one_of(
    st.tuples(
        st.just("insert"), st.sampled_from([SLOT, SLOT, SLOT, (SLOT + 1) % 256]), DAYS, MAYBE, MAYBE
    ),
    st.tuples(st.just("update"), st.integers(0, 3), DAYS, MAYBE, MAYBE),
    st.tuples(st.just("move"), st.integers(0, 3), st.sampled_from([SLOT, (SLOT + 1) % 256])),
    st.tuples(st.just("delete"), st.integers(0, 3)),
)
INSERT = """
INSERT INTO inventory_ownershipperiod
  (slot, id, e164, begins_at, ends_at, follows_at, account_id, line_id)
VALUES (%s, gen_random_uuid(), %s, %s, %s, %s, gen_random_uuid(), gen_random_uuid())
"""
NTH = "(SELECT id FROM inventory_ownershipperiod ORDER BY begins_at, id OFFSET %s LIMIT 1)"


def try_out(attempt: tuple[Any, ...]) -> None:
    """One statement of a runtime role that has read no rule of ours."""
    kind, first, *rest = attempt
    if kind == "insert":
        execute(INSERT, [first, E164, *map(day, rest)])
    elif kind == "update":
        columns = "begins_at = %s, ends_at = %s, follows_at = %s"
        execute(
            f"UPDATE inventory_ownershipperiod SET {columns} WHERE id = {NTH}",
            [*map(day, rest), first],
        )
    elif kind == "move":
        execute(
            f"UPDATE inventory_ownershipperiod SET slot = %s WHERE id = {NTH}", [rest[0], first]
        )
    else:
        execute(f"DELETE FROM inventory_ownershipperiod WHERE id = {NTH}", [first])


@pytest.mark.django_db(transaction=True)
@given(st.lists(TRIES, max_size=10))
@settings(max_examples=200, deadline=None)
def test_no_sequence_of_writes_makes_two_holders(tries: list[tuple[Any, ...]]) -> None:
    """Whatever is written past the services: what the database took does not overlap."""
    OwnershipPeriod.objects.all().delete()
    for attempt in tries:
        with suppress(IntegrityError), transaction.atomic():
            try_out(attempt)
    far = NOW + timedelta(days=1000)
    held = [(p.begins_at, p.ends_at or far) for p in OwnershipPeriod.objects.order_by("begins_at")]
    assert all(one[1] <= after[0] for one, after in pairwise(held))


@pytest.mark.django_db
def test_what_is_tried_can_be_taken() -> None:
    """The test above proves nothing where everything is refused."""
    for attempt in (
        ("insert", SLOT, 0, 2, None),
        ("insert", SLOT, 3, None, 2),
        ("update", 1, 4, 6, 2),
        ("move", 0, SLOT),
        ("delete", 1),
    ):
        try_out(attempt)
    assert OwnershipPeriod.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["inventory_number", "inventory_ownershipperiod"])
def test_a_number_lies_in_its_slot_and_nowhere_else(table: str) -> None:
    """In another slot its uniqueness would begin anew."""
    services.add_numbers([E164], NOW)
    services.assign(E164, new_id(1), new_id(1), NOW)
    with pytest.raises(IntegrityError, match="in_its_slot"), transaction.atomic():
        execute(f"UPDATE {table} SET slot = %s", [(SLOT + 1) % 256])
    assert execute(f"UPDATE {table} SET slot = %s", [SLOT]) == 1


@pytest.mark.django_db
def test_a_withdrawn_number_begins_to_age_and_is_nobodys_sale_any_more() -> None:
    services.add_numbers([E164], NOW)
    services.assign(E164, new_id(1), new_id(1), NOW)
    withdraw(E164, 180, NOW + timedelta(days=10))
    assert shelves.release_rested(NOW + timedelta(days=190)) == 1
    number = queries.number(E164)
    assert number is not None
    assert (number.state, number.rested_since) == ("available", NOW + timedelta(days=10))
    assert number.taken_at is None


@pytest.mark.django_db
def test_a_number_that_comes_back_is_assigned_again() -> None:
    services.add_numbers([E164], NOW)
    for turn in range(3):
        start = NOW + timedelta(days=400 * turn)
        services.assign(E164, new_id(turn), new_id(turn), start)
        withdraw(E164, 180, start + timedelta(days=30))
        number = services.lock_number(E164)
        services.transition(number, NumberEvent.FREE, start + timedelta(days=210))
    periods = OwnershipPeriod.objects.order_by("begins_at")
    assert [p.follows_at for p in periods] == [None, *[p.ends_at for p in periods[:2]]]


@pytest.mark.django_db
def test_a_number_that_nobody_holds_is_not_withdrawn() -> None:
    services.add_numbers([E164], NOW)
    with pytest.raises(services.HolderUnknown):
        withdraw(E164, 180, NOW)


@pytest.mark.django_db
def test_one_that_nobody_holds_keeps_the_others_where_they_are() -> None:
    free, held = E164, E164 + 1
    services.add_numbers([free, held], NOW)
    services.assign(held, new_id(1), new_id(1), NOW)
    until = NOW + timedelta(days=180)
    services.lock_numbers([free, held])
    both = [services.Withdrawal(e164, until, until) for e164 in (free, held)]
    with pytest.raises(services.HolderUnknown), transaction.atomic():
        services.withdraw_all(both, NOW)
    number = queries.number(held)
    assert number is not None
    assert number.state == NumberState.ASSIGNED
    assert queries.holder_at(held, NOW) is not None


@pytest.mark.django_db
def test_a_number_whose_holders_time_is_not_written_is_not_withdrawn() -> None:
    """Assigned, but without an open period: the books are wrong, and it is said."""
    services.add_numbers([E164], NOW)
    services.assign(E164, new_id(1), new_id(1), NOW)
    OwnershipPeriod.objects.update(ends_at=NOW + timedelta(days=1))
    with pytest.raises(services.HolderUnknown), transaction.atomic():
        withdraw(E164, 180, NOW + timedelta(days=2))
    number = queries.number(E164)
    assert number is not None
    assert number.state == NumberState.ASSIGNED


@pytest.mark.django_db
@pytest.mark.parametrize("later", [timedelta(0), -timedelta(seconds=1)], ids=["then", "before"])
def test_withdrawn_at_the_instant_of_its_assignment(later: timedelta) -> None:
    """A holder's time lasts, however short: and the next one's begins after it."""
    services.add_numbers([E164], NOW)
    services.assign(E164, new_id(1), new_id(1), NOW)
    withdraw(E164, 180, NOW + later)
    period, number = OwnershipPeriod.objects.get(), queries.number(E164)
    assert number is not None
    assert number.state == NumberState.QUARANTINE
    assert period.ends_at is not None
    assert timedelta(0) < period.ends_at - NOW <= timedelta(milliseconds=1)
    services.reclaim(services.lock_number(E164), new_id(1), NOW)
    following = OwnershipPeriod.objects.get(ends_at=None)
    assert following.begins_at == following.follows_at == period.ends_at


@pytest.mark.django_db
def test_a_number_that_rests_is_not_withdrawn_again() -> None:
    services.add_numbers([E164], NOW)
    services.assign(E164, new_id(1), new_id(1), NOW)
    withdraw(E164, 180, NOW + timedelta(days=1))
    with pytest.raises(services.HolderUnknown), transaction.atomic():
        withdraw(E164, 180, NOW + timedelta(days=2))


@pytest.mark.django_db
def test_a_number_that_does_not_rest_is_not_had_back() -> None:
    services.add_numbers([E164], NOW)
    services.assign(E164, new_id(1), new_id(1), NOW)
    with pytest.raises(IllegalTransition):
        services.reclaim(services.lock_number(E164), new_id(1), NOW)


@pytest.mark.django_db
def test_a_card_belongs_to_one_line() -> None:
    line = new_id(3)
    services.enter_card("8949000000000000000", line)
    services.enter_card("8949000000000000000", line)
    with pytest.raises(services.CardTaken):
        services.enter_card("8949000000000000000", new_id(4))


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_end_with_one_holder() -> None:
    services.add_numbers([E164], NOW)
    barrier, won, lost = threading.Barrier(16), [], []

    def take() -> None:
        barrier.wait()
        try:
            with transaction.atomic():
                services.assign(E164, new_id(5), new_id(5), NOW)
            won.append(1)
        except services.NumberTaken:
            lost.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost), OwnershipPeriod.objects.count()) == (1, 15, 1)
    assert Number.objects.get().state == NumberState.ASSIGNED
