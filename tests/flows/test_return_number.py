"""return_number: a number that came without its line is back with its operator, or staff see it."""

from datetime import timedelta
from typing import Any

import pytest

from keepline.flows import bring_number, buy_line, return_number, settle_arrival
from keepline.flows.delivering.outcomes import Impossible
from keepline.flows.errors import FlowRefused
from keepline.flows.hear_of_port import hear
from keepline.flows.list_arrivals import list_arrivals
from keepline.flows.show_order import show_order
from keepline.inventory.models import Number, Profile
from keepline.orders.models import Order
from keepline.porting.models import PortIn
from tests.cast import Cast
from tests.doubles import ScriptedNetwork
from tests.flows.acts import wallet
from tests.flows.test_bring_number import E164, MINUTE, at, bringing, cast, nothing_is_left, told
from tests.flows.test_settle_arrival import CAME, strand
from tests.porting import ScriptedHouse

__all__ = ["cast"]
pytestmark = pytest.mark.django_db
LATER = CAME + MINUTE


def given_up(cast: Cast, house: ScriptedHouse, network: ScriptedNetwork) -> Any:
    order_id = strand(cast, house, network)
    settle_arrival.give_up(order_id, "no", "staff:9", LATER)
    return order_id


def way_back(cast: Cast, order_id: Any) -> str:
    return show_order(order_id, cast.account.id, LATER).way_back


def test_asked_until_it_is_back(cast: Cast, house: ScriptedHouse, network: ScriptedNetwork) -> None:
    order_id = given_up(cast, house, network)
    house.deaf = True
    pauses, now = [], LATER
    for _ in range(6):
        at(house, now, order_id)
        due_at = Order.objects.by_id(order_id).next_action_at
        pauses.append(due_at - now)
        now = due_at
    assert pauses[0] == return_number.FIRST_PAUSE
    assert max(pauses) <= return_number.LONGEST_PAUSE
    assert wallet(cast) == (1000, 0), "money does not wait for it"
    assert Profile.objects.get().state == "available", "and neither does the SIM"
    assert Number.objects.get().state == "expected", "nobody else may have it meanwhile"
    assert way_back(cast, order_id) == "asked"
    assert "number.returned" not in told(order_id)
    with pytest.raises(FlowRefused, match="port_in_refused"):
        buy_line.start(bringing(cast, key="key-0002"), now)
    house.deaf = False
    at(house, now, order_id)
    nothing_is_left(cast, house, order_id, "returned")
    assert way_back(cast, order_id) == "done"
    assert told(order_id).count("number.returned") == 1


@pytest.mark.parametrize("word", ["lost", "mute"])
def test_an_answer_that_nobody_heard(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork, word: str
) -> None:
    order_id = given_up(cast, house, network)
    house.script = [word]
    at(house, LATER, order_id)
    assert PortIn.objects.get().state == "returning"
    at(house, LATER + MINUTE, order_id)
    nothing_is_left(cast, house, order_id, "returned")
    assert told(order_id).count("number.returned") == 1


def test_a_clearing_house_that_keeps_it(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says something else than `returned`: that is believed of nothing."""
    order_id = given_up(cast, house, network)
    monkeypatch.setattr(house, "return_number", house.ask)
    at(house, LATER, order_id)
    (one,) = list_arrivals()
    assert one.goes_back
    monkeypatch.undo()
    at(house, LATER + MINUTE, order_id)
    assert list_arrivals() == []


def test_its_webhook_saves_the_wait(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork
) -> None:
    order_id = given_up(cast, house, network)
    house.script = ["lost"]
    at(house, LATER, order_id)
    soon = LATER + timedelta(seconds=5)
    hear(PortIn.objects.get().id, soon)
    assert Order.objects.by_id(order_id).next_action_at == soon


def test_a_worker_that_was_at_it_meanwhile(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork
) -> None:
    """It does not set the line up any more, and does not take the number again."""
    order_id = strand(cast, house, network)
    seen = Order.objects.by_id(order_id)
    settle_arrival.give_up(order_id, "no", "staff:9", LATER)
    with pytest.raises(Impossible):
        bring_number.to_its_date(seen, LATER)
    at(house, LATER, order_id)
    with pytest.raises(Impossible):
        bring_number.take(seen, LATER)
    assert house.owner(E164) == "elsewhere"


def test_it_may_come_another_time(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork
) -> None:
    order_id = given_up(cast, house, network)
    at(house, LATER, order_id)
    house.owns(E164, "elsewhere", "ABC123456", "Ada Lovelace")
    assert buy_line.start(bringing(cast, key="key-0002"), LATER).first


def test_orders_of_other_ends_are_not_asked_for(
    cast: Cast, house: ScriptedHouse, django_assert_num_queries: Any
) -> None:
    order = Order(failure_code="called_off")
    with django_assert_num_queries(0):
        assert return_number.standing_of(order) == ""
