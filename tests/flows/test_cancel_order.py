"""cancel_order: a buyer takes an order back whose number has not come, and all is as it was."""

from datetime import timedelta
from typing import Any

import pytest

from keepline.audit.models import AuditEvent
from keepline.core.lifecycle.order import OrderState
from keepline.flows import bring_number, buy_line, cancel_order, renew_line
from keepline.flows.cancel_order import BEFORE_ITS_DATE, cancel
from keepline.flows.delivering.outcomes import NotYet
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.settle_payment import settle
from keepline.flows.show_order import show_order
from keepline.gateways.porting.port import PortRequest
from keepline.inventory.models import Number
from keepline.orders.models import Order
from keepline.payments.models import Payment
from keepline.porting.models import PortIn
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows import acts
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


def ordered(cast: Cast, house: ScriptedHouse, dated: bool = True) -> Any:
    order_id = buy_line.start(bringing(cast), NOW).order_id
    if dated:
        at(house, NOW, order_id)
    return order_id


def called_off(cast: Cast, order_id: Any, now: Any = NOW, actor: str = "user:1") -> bool:
    return cancel(cast.account.id, order_id, actor, now) == "cancelled"


@pytest.mark.parametrize("dated", [True, False])
def test_before_its_date_all_is_as_it_was(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork, dated: bool
) -> None:
    order_id = ordered(cast, house, dated)
    assert show_order(order_id, cast.account.id, NOW).cancellation == "possible"
    assert called_off(cast, order_id, NOW + MINUTE)
    order = Order.objects.by_id(order_id)
    assert (order.state, order.failure_code) == ("cancelled", "called_off")
    assert wallet(cast) == (1000, 0)
    for minutes in (1, 2):
        at(house, NOW + minutes * MINUTE, order_id)
    nothing_is_left(cast, house, order_id)
    assert told(order_id) == [*(["number.expected"] if dated else []), "order.called_off"]
    assert (network.lines, network.standing) == ({}, {}), "it has heard of nothing"
    act = AuditEvent.objects.get(action=cancel_order.ACTION)
    assert (act.actor, act.subject_id) == ("user:1", order_id)
    assert called_off(cast, order_id, NOW + MINUTE), "said twice it is done once"
    assert AuditEvent.objects.filter(action=cancel_order.ACTION).count() == 1
    assert at(house, NOW + DAY, order_id) is OrderState.CANCELLED
    assert house.owner(E164) == "elsewhere"


def test_what_a_provider_took_goes_back(
    cast: Cast, house: ScriptedHouse, provider: FakeProvider
) -> None:
    asked = bringing(cast, provider="sandbox", use_wallet="none")
    order_id = buy_line.start(asked, NOW).order_id
    open_payment(order_id, "en", NOW)
    provider.pay(Payment.objects.get().id)
    settle(order_id, NOW)
    at(house, NOW, order_id)
    assert called_off(cast, order_id)
    for minutes in (1, 2):
        at(house, NOW + minutes * MINUTE, order_id)
    nothing_is_left(cast, house, order_id)
    paid = Payment.objects.get()
    assert (paid.captured_minor, paid.refunded_minor) == (300, 300)


def test_it_can_be_ordered_again(cast: Cast, house: ScriptedHouse) -> None:
    first = ordered(cast, house)
    called_off(cast, first)
    at(house, NOW, first)
    second = buy_line.start(bringing(cast, key="key-0002"), NOW).order_id
    at(house, NOW, second)
    assert at(house, NOW + DAY, second) is OrderState.COMPLETED


def test_while_the_clearing_house_is_silent_the_money_stays(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork
) -> None:
    order_id = ordered(cast, house)
    house.deaf = True
    assert cancel(cast.account.id, order_id, "user:1", NOW) == "asked"
    assert show_order(order_id, cast.account.id, NOW).cancellation == "asked"
    assert not called_off(cast, order_id), "asked again it is the same wish"
    assert wallet(cast) == (1000, 300)
    assert at(house, NOW + DAY + MINUTE, order_id) is OrderState.IN_PROGRESS
    assert network.lines == {}, "its date is of no interest any more"
    house.deaf = False
    assert at(house, NOW + DAY + 2 * MINUTE, order_id) is OrderState.CANCELLED
    at(house, NOW + DAY + 3 * MINUTE, order_id)
    nothing_is_left(cast, house, order_id)


@pytest.mark.parametrize("word", ["lost", "mute"])
def test_a_word_that_nobody_heard(cast: Cast, house: ScriptedHouse, word: str) -> None:
    order_id = ordered(cast, house)
    house.script = [word]
    assert not called_off(cast, order_id)
    assert at(house, NOW + MINUTE, order_id) is OrderState.CANCELLED
    at(house, NOW + 2 * MINUTE, order_id)
    nothing_is_left(cast, house, order_id)


def test_the_clearing_house_says_that_it_has_come(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork
) -> None:
    """By hand, there. Its word counts: the line shall live."""
    order_id = ordered(cast, house)
    house.shows = NOW + DAY
    house.books.cut_over(str(PortIn.objects.get().id), house.operator)
    early = NOW + DAY - BEFORE_ITS_DATE - MINUTE
    assert cancel(cast.account.id, order_id, "user:1", early) == "too_late"
    assert PortIn.objects.get().cancel_asked_at is None
    assert at(house, NOW + DAY, order_id) is OrderState.COMPLETED
    assert wallet(cast) == (700, 0)


def test_two_ask_at_once_and_it_has_come(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A double click. Nothing is wrong with the line, and nobody need look at it."""
    order_id = ordered(cast, house)
    house.shows = NOW + DAY
    house.books.cut_over(str(PortIn.objects.get().id), house.operator)
    say = house.cancel

    def second(port_id: Any) -> Any:
        monkeypatch.undo()
        assert not called_off(cast, order_id)
        return say(port_id)

    monkeypatch.setattr(house, "cancel", second)
    assert not called_off(cast, order_id)
    assert PortIn.objects.get().stranded_at is None
    assert at(house, NOW + MINUTE, order_id) is OrderState.COMPLETED, "it is here a day early"


def test_too_late(cast: Cast, house: ScriptedHouse) -> None:
    order_id = ordered(cast, house)
    late = NOW + DAY - BEFORE_ITS_DATE
    shown = show_order(order_id, cast.account.id, late - timedelta.resolution)
    assert shown.cancellation == "possible"
    with pytest.raises(FlowRefused, match="cancel_refused"):
        called_off(cast, order_id, late)
    assert PortIn.objects.get().cancel_asked_at is None
    at(house, NOW + DAY, order_id)
    with pytest.raises(FlowRefused, match="cancel_refused"):
        called_off(cast, order_id, NOW + DAY)


def test_other_orders_and_those_of_others(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork
) -> None:
    network.deaf = True
    renewal = renew_line.start(acts.request(cast, use_wallet="only"), NOW).order_id
    with pytest.raises(FlowRefused, match="cancel_refused"):
        called_off(cast, renewal)
    order_id = ordered(cast, house)
    with pytest.raises(FlowRefused, match="not_found"):
        cancel(cast.other_account.id, order_id, "user:2", NOW)
    assert PortIn.objects.get().cancel_asked_at is None


def test_not_before_it_is_paid(cast: Cast, house: ScriptedHouse, provider: FakeProvider) -> None:
    asked = bringing(cast, provider="sandbox", use_wallet="none")
    order_id = buy_line.start(asked, NOW).order_id
    with pytest.raises(FlowRefused, match="cancel_refused"):
        called_off(cast, order_id)


def test_given_up_while_it_was_being_asked_for(
    cast: Cast, house: ScriptedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker's request arrives after the buyer's cancellation: it is taken back as well."""
    order_id = ordered(cast, house, dated=False)
    request = house.request

    def slow(wanted: Any) -> Any:
        assert called_off(cast, order_id)
        return request(wanted)

    monkeypatch.setattr(house, "request", slow)
    at(house, NOW, order_id)
    monkeypatch.undo()
    at(house, NOW + MINUTE, order_id)
    nothing_is_left(cast, house, order_id)
    row = house.books.port(str(PortIn.objects.get().id))
    assert row is not None
    assert row["state"] == "cancelled"


def test_asked_for_between_the_word_and_its_note(
    cast: Cast, house: ScriptedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clearing house knew of nothing; then a worker's request came, and found no end noted."""
    order_id = ordered(cast, house, dated=False)
    say = house.cancel

    def before(port_id: Any) -> Any:
        monkeypatch.undo()
        answer = say(port_id)
        with pytest.raises(NotYet):
            bring_number.to_its_date(Order.objects.by_id(order_id), NOW)
        return answer

    monkeypatch.setattr(house, "cancel", before)
    assert called_off(cast, order_id)
    told_once_more(cast, house, order_id)


def test_asked_for_by_a_worker_that_has_died_since(cast: Cast, house: ScriptedHouse) -> None:
    """Its request came after the cancellation, and nobody is left to take it back."""
    order_id = ordered(cast, house, dated=False)
    assert called_off(cast, order_id)
    house.request(PortRequest(PortIn.objects.get().id, E164, CODE, NAME))
    told_once_more(cast, house, order_id)


def told_once_more(cast: Cast, house: ScriptedHouse, order_id: Any) -> None:
    """Of what was asked for after our word: again and again, until the clearing house answers."""
    port_id = PortIn.objects.get().id
    assert house.state(port_id) == "scheduled"
    assert wallet(cast) == (1000, 0), "money does not wait for it"
    at(house, NOW, order_id)
    due_at = Order.objects.by_id(order_id).next_action_at
    assert due_at == NOW + bring_number.REQUESTS_END_WITHIN
    house.deaf = True
    at(house, due_at, order_id)
    assert Number.objects.get().state == "expected", "nobody can bring it yet: it would be refused"
    house.deaf = False
    at(house, due_at + MINUTE, order_id)
    assert house.state(port_id) == "cancelled"
    nothing_is_left(cast, house, order_id)
