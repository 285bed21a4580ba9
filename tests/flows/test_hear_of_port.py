"""hear_of_port: what the clearing house says makes us ask, and nothing else."""

from datetime import timedelta
from uuid import uuid4

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.flows import buy_line
from keepline.flows.advance_order import advance
from keepline.flows.follow_ports import follow
from keepline.flows.hear_of_port import hear
from keepline.inventory.models import Number
from keepline.orders.models import Order
from keepline.porting.models import PortIn, PortOut
from keepline.porting.ways_in import Brought
from tests.cast import NOW, Cast, assemble
from tests.doubles import ScriptedNetwork
from tests.flows.acts import wallet
from tests.flows.buying import request
from tests.flows.changing import OLD
from tests.flows.leaving import DAY, READY, settled, with_code
from tests.flows.test_bring_number import CODE, E164, NAME
from tests.inventory import shelves
from tests.porting import ScriptedHouse

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def brought(house: ScriptedHouse, network: ScriptedNetwork) -> tuple[Cast, Order, PortIn]:
    """A number that comes tomorrow."""
    cast = assemble()
    shelves.cards(shelves.pool("cards", "card"), 1)
    house.owns(E164, "elsewhere", CODE, NAME)
    house.shows, house.notice_s = NOW, DAY.total_seconds()
    asked = request(cast, bring=Brought(E164, CODE, NAME), sim="card")
    order_id = buy_line.start(asked, NOW).order_id
    advance(order_id, "en", NOW)
    return cast, Order.objects.by_id(order_id), PortIn.objects.get()


def test_a_number_that_does_not_come_is_paid_back_at_once(
    brought: tuple[Cast, Order, PortIn], house: ScriptedHouse
) -> None:
    cast, order, row = brought
    assert order.next_action_at == NOW + DAY
    house.books.cancel(str(row.id), "elsewhere")
    hear(row.id, NOW + HOUR)
    assert Order.objects.by_id(order.id).next_action_at == NOW + HOUR
    for minutes in range(3):
        advance(order.id, "en", NOW + HOUR + minutes * MINUTE)
    assert Order.objects.by_id(order.id).state == OrderState.FAILED
    assert wallet(cast) == (1000, 0)
    assert not Number.objects.exists()
    hear(row.id, NOW + 2 * HOUR)
    assert Order.objects.by_id(order.id).next_action_at is None


def test_what_it_says_is_asked_for_and_not_believed(
    brought: tuple[Cast, Order, PortIn], house: ScriptedHouse
) -> None:
    """Nothing has changed there: nothing changes here, though nobody answers."""
    _, order, row = brought
    for deaf in (False, True):
        hear(row.id, NOW + HOUR)
        hear(row.id, NOW + HOUR)
        house.deaf = deaf
        assert advance(order.id, "en", NOW + HOUR) is OrderState.IN_PROGRESS
        seen = Order.objects.by_id(order.id)
        assert (seen.next_action_at, seen.promise_until) == (NOW + DAY, NOW + 2 * DAY)


def test_a_number_that_leaves_is_looked_at_now(house: ScriptedHouse) -> None:
    cast = settled(house)
    port_id = house.wanted(OLD, with_code(cast))
    follow(READY)
    row = PortOut.objects.get()
    assert row.next_look_at == READY + HOUR
    hear(port_id, READY + MINUTE)
    assert PortOut.objects.get().next_look_at == READY + MINUTE
    house.thinks_better(port_id)
    follow(READY + MINUTE)
    assert PortOut.objects.get().state == "stayed"


def test_one_that_nobody_knows(house: ScriptedHouse, brought: tuple[Cast, Order, PortIn]) -> None:
    for _ in range(2):
        hear(uuid4(), NOW)
    assert Order.objects.by_id(brought[1].id).next_action_at == NOW + DAY
