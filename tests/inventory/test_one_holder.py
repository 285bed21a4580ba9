"""A number has one holder at any instant: the services see to it, the database insists."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from keepline.core.lifecycle.machine import IllegalTransition
from keepline.core.lifecycle.number import NumberState
from keepline.inventory import queries, services
from keepline.inventory.models import Number, OwnershipPeriod
from keepline.slots.ids import new_id
from tests.cast import NOW

E164 = 447700900999


@pytest.mark.django_db
def test_a_second_holder_is_refused_until_the_first_is_gone() -> None:
    services.add_numbers([E164], NOW)
    first, second = new_id(1), new_id(2)
    services.assign(E164, first, new_id(1), NOW)
    with pytest.raises(services.NumberTaken):
        services.assign(E164, second, new_id(2), NOW + timedelta(days=1))
    services.withdraw(E164, 180, NOW + timedelta(days=90))
    number = queries.number(E164)
    assert number is not None
    assert (number.state, number.until_at) == (NumberState.QUARANTINE, NOW + timedelta(days=270))
    with pytest.raises(services.NumberTaken):
        services.assign(E164, second, new_id(2), NOW + timedelta(days=91))
    assert queries.holder_at(E164, NOW + timedelta(days=5)) == first
    assert queries.holder_at(E164, NOW + timedelta(days=90)) is None


@pytest.mark.django_db
def test_the_database_refuses_overlapping_periods_and_takes_adjacent_ones() -> None:
    services.add_numbers([E164], NOW)
    held = services.assign(E164, new_id(1), new_id(1), NOW)
    OwnershipPeriod.objects.filter(id=held.id).update(
        during=DateTimeTZRange(NOW, NOW + timedelta(days=10))
    )

    def enter(days: int) -> None:
        OwnershipPeriod.objects.create(
            slot=held.slot,
            id=new_id(held.slot),
            e164=E164,
            during=DateTimeTZRange(NOW + timedelta(days=days), None),
            account_id=new_id(2),
            line_id=new_id(2),
        )

    with pytest.raises(IntegrityError), transaction.atomic():
        enter(9)
    enter(10)
    assert OwnershipPeriod.objects.count() == 2


@pytest.mark.django_db
def test_an_illegal_step_is_refused() -> None:
    services.add_numbers([E164], NOW)
    with pytest.raises(IllegalTransition):
        services.withdraw(E164, 180, NOW)


@pytest.mark.django_db
def test_a_card_belongs_to_one_line() -> None:
    line = new_id(3)
    services.hold_card("8949000000000000000", line)
    services.hold_card("8949000000000000000", line)
    with pytest.raises(services.CardTaken):
        services.hold_card("8949000000000000000", new_id(4))


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
