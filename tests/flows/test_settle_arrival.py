"""settle_arrival: a number came without its line, and a person decides."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from keepline.audit.models import AuditEvent
from keepline.core.lifecycle.order import OrderState
from keepline.flows import buy_line, settle_arrival
from keepline.flows.errors import FlowRefused
from keepline.flows.list_arrivals import list_arrivals
from keepline.flows.open_payment import open_payment
from keepline.flows.show_order import show_order
from keepline.inventory.models import Number, Profile
from keepline.lines.models import Validity
from keepline.orders.models import Order
from keepline.porting.models import PortIn
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import wallet
from tests.flows.test_bring_number import (
    CODE,
    DAY,
    E164,
    MINUTE,
    NAME,
    at,
    bringing,
    cast,
    nothing_is_left,
    told,
)
from tests.porting import ScriptedHouse

__all__ = ["cast"]
pytestmark = pytest.mark.django_db
CAME = NOW + DAY


def strand(cast: Cast, house: ScriptedHouse, network: ScriptedNetwork) -> UUID:
    """The clearing house has cut over, and the network refuses the line for good."""
    order_id = buy_line.start(bringing(cast), NOW).order_id
    at(house, NOW, order_id)
    house.shows = CAME
    house.books.cut_over(str(PortIn.objects.get().id), house.operator)
    refuses(house, network, order_id, CAME)
    return order_id


def refuses(house: ScriptedHouse, network: ScriptedNetwork, order_id: Any, now: datetime) -> None:
    network.script = ["refuse"]
    assert at(house, now, order_id) is OrderState.IN_PROGRESS


def test_somebody_sees_it(cast: Cast, house: ScriptedHouse, network: ScriptedNetwork) -> None:
    assert list_arrivals() == []
    order_id = strand(cast, house, network)
    (one,) = list_arrivals()
    assert (one.order.id, one.account.id) == (order_id, cast.account.id)
    assert (one.way.e164, one.way.stranded_at, one.way.donor) == (E164, CAME, "elsewhere")
    assert one.way.stranded_code.startswith("network_")
    shown = show_order(order_id, cast.account.id, CAME)
    assert (shown.stranded, shown.cancellation) == (True, "")
    assert wallet(cast) == (1000, 300), "money goes back for no number that is here"
    refuses(house, network, order_id, CAME + 31 * MINUTE)
    assert PortIn.objects.get().stranded_at == CAME, "since it is here"


def test_by_itself_it_is_tried_again(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork
) -> None:
    order_id = strand(cast, house, network)
    due_at = Order.objects.by_id(order_id).next_action_at
    assert due_at == CAME + 30 * MINUTE
    assert at(house, due_at, order_id) is OrderState.COMPLETED
    assert list_arrivals() == []


def test_tried_again_at_once(cast: Cast, house: ScriptedHouse, network: ScriptedNetwork) -> None:
    order_id, later = strand(cast, house, network), CAME + MINUTE
    settle_arrival.again(order_id, "staff:9", later)
    assert list_arrivals() == []
    order = Order.objects.by_id(order_id)
    assert (order.next_action_at, order.promise_until) == (later, later + DAY)
    refuses(house, network, order_id, later)
    (one,) = list_arrivals()
    assert one.way.stranded_at == later
    settle_arrival.again(order_id, "staff:9", later)
    assert at(house, later, order_id) is OrderState.COMPLETED
    assert Number.objects.get(e164=E164).state == "assigned"
    assert wallet(cast) == (700, 0)
    acts = AuditEvent.objects.filter(action=settle_arrival.ACTION)
    assert [(act.actor, act.facts["decision"]) for act in acts] == [("staff:9", "again")] * 2


def test_given_up(cast: Cast, house: ScriptedHouse, network: ScriptedNetwork) -> None:
    order_id, later = strand(cast, house, network), CAME + MINUTE
    settle_arrival.give_up(order_id, " its SIM is lost, ticket 7 ", "staff:9", later)
    order = Order.objects.by_id(order_id)
    assert (order.state, order.failure_code) == ("failed", "number_stranded")
    assert wallet(cast) == (1000, 0)
    (one,) = list_arrivals()
    assert (one.goes_back, one.may_be_tried) == (True, False)
    at(house, later, order_id)
    order = Order.objects.by_id(order_id)
    assert (order.next_action_at, order.undo_due) == (None, False)
    assert not Number.objects.exists()
    assert Profile.objects.get().state == "available"
    assert Validity.objects.by_id(order.line_id).state == "terminated"
    assert house.owner(E164) == "elsewhere"
    row = PortIn.objects.get()
    assert (row.state, row.sealed, row.return_asked_at) == ("returned", "", later)
    assert list_arrivals() == []
    assert set(told(order_id)) == {"number.expected", "order.failed", "number.returned"}
    act = AuditEvent.objects.get(action=settle_arrival.ACTION)
    assert (act.reason, act.facts["decision"]) == ("its SIM is lost, ticket 7", "given_up")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_given_up_with_a_reason_alone(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork, reason: str
) -> None:
    order_id = strand(cast, house, network)
    with pytest.raises(FlowRefused, match="reason_missing"):
        settle_arrival.give_up(order_id, reason, "staff:9", CAME)
    assert Order.objects.by_id(order_id).state == "in_progress"


def test_nobody_need_decide(cast: Cast, house: ScriptedHouse, network: ScriptedNetwork) -> None:
    order_id = buy_line.start(bringing(cast), NOW).order_id

    def refused(now: datetime) -> None:
        for act in (
            lambda: settle_arrival.again(order_id, "staff:9", now),
            lambda: settle_arrival.give_up(order_id, "no", "staff:9", now),
        ):
            with pytest.raises(FlowRefused, match="arrival_settled"):
                act()

        with pytest.raises(FlowRefused, match="arrival_settled"):
            settle_arrival.returned(order_id, "no", "staff:9", now)

    refused(NOW)  # its number is on its way
    for now in (NOW, CAME):
        at(house, now, order_id)
    refused(CAME)  # its line lives
    assert not AuditEvent.objects.filter(action=settle_arrival.ACTION).exists()


def test_of_no_order(cast: Cast) -> None:
    for act in (
        lambda: settle_arrival.again(cast.line.id, "staff:9", NOW),
        lambda: settle_arrival.returned(cast.line.id, "no", "staff:9", NOW),
    ):
        with pytest.raises(FlowRefused, match="not_found"):
            act()


def test_given_back_by_hand(cast: Cast, house: ScriptedHouse, network: ScriptedNetwork) -> None:
    """At a clearing house that never says so by itself."""
    order_id, later = strand(cast, house, network), CAME + MINUTE
    settle_arrival.give_up(order_id, "no", "staff:9", later)
    house.deaf = True
    at(house, later, order_id)
    with pytest.raises(FlowRefused, match="reason_missing"):
        settle_arrival.returned(order_id, " ", "staff:9", later)
    settle_arrival.returned(order_id, "by telephone", "staff:9", later)
    assert PortIn.objects.get().state == "returned"
    assert not Number.objects.exists()
    assert "number.returned" in told(order_id)
    with pytest.raises(FlowRefused, match="arrival_settled"):
        settle_arrival.returned(order_id, "by telephone", "staff:9", later)
    at(house, later + 5 * MINUTE, order_id)
    assert Order.objects.by_id(order_id).next_action_at is None


def test_one_that_came_after_its_order(
    cast: Cast, house: ScriptedHouse, provider: FakeProvider
) -> None:
    """It was never paid, and the clearing house gave us the number by hand."""
    asked = bringing(cast, provider="sandbox", use_wallet="none")
    order_id = buy_line.start(asked, NOW).order_id
    open_payment(order_id, "en", NOW)
    row_id = str(PortIn.objects.get().id)
    house.books.request(row_id, house.operator, str(E164), CODE, NAME, 0)
    house.books.cut_over(row_id, house.operator)
    late = NOW + 61 * MINUTE
    for minutes in (0, 1):
        at(house, late + minutes * MINUTE, order_id)
    (one,) = list_arrivals()
    assert (one.order.state, one.way.stranded_code) == ("cancelled", "order_over")
    assert (one.goes_back, one.may_be_tried) == (False, False)
    with pytest.raises(FlowRefused, match="arrival_settled"):
        settle_arrival.again(order_id, "staff:9", late)
    settle_arrival.give_up(order_id, "nobody wants it", "staff:9", late)
    at(house, late + 2 * MINUTE, order_id)
    nothing_is_left(cast, house, order_id, "returned")
