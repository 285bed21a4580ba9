"""What one purchase gives back is not taken from the next one that has it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.flows import buy_line, order_profile
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import audit
from keepline.gateways.esim.port import CancelRequest, ConfirmRequest, Done, Refused
from keepline.gateways.network.port import (
    DesiredService,
    NetworkAnswer,
    NetworkOperation,
    Subscriber,
)
from keepline.inventory.models import Number, Profile
from keepline.orders.models import Order
from tests.cast import NOW, Cast
from tests.doubles import ScriptedNetwork, ScriptedSmdp
from tests.flows.buying import nothing_is_left, request, stocked

pytestmark = pytest.mark.django_db


def bought(cast: Cast, key: str = "key-0001", **changes: Any) -> Order:
    return buy_line.start(request(cast, key=key, **changes), NOW).order


def profile(iccid: str) -> Profile:
    found: Profile = Profile.objects.get(iccid=iccid)
    return found


def refused_by_the_network(cast: Cast, network: ScriptedNetwork) -> Order:
    """A purchase whose eSIM was ordered, and whose money went back."""
    order = bought(cast)
    network.script = ["refuse"]
    assert advance(order.id, "en", NOW) is OrderState.FAILED
    return order


def test_laid_aside_once_though_the_smdp_refuses_to_take_it_back(smdp: ScriptedSmdp) -> None:
    cast, _, (iccid, _) = stocked()
    smdp.script = ["ok", "wrong_state", "wrong_state"]
    order = bought(cast)
    assert advance(order.id, "en", NOW) is OrderState.FAILED
    advance(order.id, "en", NOW)
    assert profile(iccid).state == "unavailable"
    assert not Number.objects.exclude(state="available").exists()
    assert Order.objects.by_id(order.id).next_action_at is None


def test_laid_aside_though_the_smdp_takes_it_back(smdp: ScriptedSmdp) -> None:
    cast, _, (iccid, _) = stocked()
    smdp.script = ["ok", "wrong_state"]
    order = bought(cast)
    assert advance(order.id, "en", NOW) is OrderState.FAILED
    seen = Order.objects.by_id(order.id)
    assert order_profile.take_back(seen, NOW)
    assert profile(iccid).state == "unavailable"  # nobody can buy it in between
    advance(order.id, "en", NOW)
    assert Order.objects.by_id(order.id).next_action_at is None


def test_cancelled_twice_it_stays_with_who_bought_it_in_between(
    smdp: ScriptedSmdp, network: ScriptedNetwork
) -> None:
    cast, _, (iccid, _) = stocked()
    first = refused_by_the_network(cast, network)
    assert order_profile.take_back(Order.objects.by_id(first.id), NOW)  # and the worker dies
    second = bought(cast, "key-0002", iccid=iccid, sim="profile")
    advance(first.id, "en", NOW)
    assert profile(iccid).line_id == second.line_id
    assert advance(second.id, "en", NOW) is OrderState.COMPLETED
    assert (profile(iccid).state, smdp.states) == ("released", {iccid: "Released"})
    advance(first.id, "en", NOW)
    assert (profile(iccid).state, smdp.states) == ("released", {iccid: "Released"})


def test_cancelled_twice_it_stays_with_whom_it_was_ordered_for(
    smdp: ScriptedSmdp, network: ScriptedNetwork
) -> None:
    cast, _, (iccid, _) = stocked()
    first = refused_by_the_network(cast, network)
    assert order_profile.take_back(Order.objects.by_id(first.id), NOW)  # and the worker dies
    second = bought(cast, "key-0002", iccid=iccid, sim="profile")
    assert advance(second.id, "en", NOW) is OrderState.COMPLETED
    advance(first.id, "en", NOW)
    assert (profile(iccid).state, smdp.states) == ("released", {iccid: "Released"})
    assert audit(NOW) == []


def test_an_answer_that_comes_late_is_not_booked_for_the_next(
    smdp: ScriptedSmdp, network: ScriptedNetwork
) -> None:
    """While the SM-DP+ thinks, the promise passes, all goes back, and somebody else buys it."""
    cast, _, (iccid, _) = stocked()
    order = bought(cast)
    confirm, second = smdp.confirm, []

    def slow(call: ConfirmRequest) -> Any:
        smdp.confirm = confirm  # type: ignore[method-assign]
        answer = smdp.confirm(call)
        later = NOW + timedelta(minutes=11)
        advance(order.id, "en", later)
        advance(order.id, "en", later)
        advance(order.id, "en", later + timedelta(hours=1))
        second.append(bought(cast, "key-0002", iccid=iccid, sim="profile"))
        smdp.script = ["ok", "lost"]
        assert advance(second[0].id, "en", NOW) is OrderState.HELD
        return answer

    smdp.confirm = slow  # type: ignore[method-assign]
    advance(order.id, "en", NOW)
    assert (profile(iccid).state, profile(iccid).line_id) == ("allocated", second[0].line_id)
    assert profile(iccid).matching_id == ""


def test_a_refusal_for_now_lays_nothing_aside(smdp: ScriptedSmdp, network: ScriptedNetwork) -> None:
    cast, _, (iccid, _) = stocked()
    order = refused_by_the_network(cast, network)
    smdp.script = ["trouble"]
    advance(order.id, "en", NOW)
    assert profile(iccid).state == "released"
    advance(order.id, "en", NOW + timedelta(minutes=5))
    assert smdp.states == {}
    nothing_is_left(cast, order.id)
    assert len({call_id for word, call_id in smdp.calls if word == "cancel"}) == 2


def test_what_was_never_paid_was_never_ordered(smdp: ScriptedSmdp) -> None:
    cast, *_ = stocked()
    order = bought(cast, use_wallet="none", provider="sandbox")
    later = NOW + timedelta(hours=2)
    advance(order.id, "en", later)
    advance(order.id, "en", later)
    assert smdp.calls == []
    nothing_is_left(cast, order.id)


def test_two_workers_take_back_at_once(smdp: ScriptedSmdp, network: ScriptedNetwork) -> None:
    cast, *_ = stocked()
    order = refused_by_the_network(cast, network)
    cancel = smdp.cancel

    def twice(call: CancelRequest) -> Done | Refused:
        smdp.cancel = cancel  # type: ignore[method-assign]
        answer = smdp.cancel(call)
        advance(order.id, "en", NOW)
        return answer

    smdp.cancel = twice  # type: ignore[method-assign]
    advance(order.id, "en", NOW)
    assert Number.objects.exclude(state="available").count() == 0


def test_stock_waits_for_a_call_that_began_before_the_promise_passed(
    network: ScriptedNetwork,
) -> None:
    """Its answer comes after all was put back: the network is told again, under the same names."""
    cast, (e164, *_), _ = stocked(smdp_address="smdp.example.com", matching_id="A-B-C")
    order, late = bought(cast), NOW + timedelta(minutes=11)
    apply, revert, told = network.apply, network.revert, []
    network.remembers = False

    def slow(operation: NetworkOperation) -> NetworkAnswer:
        for _ in range(3):
            advance(order.id, "en", late)
        network.reverted.clear()
        return apply(operation)

    def heard(operation_id: UUID, who: Subscriber, standing: DesiredService | None) -> Any:
        told.append(who.msisdn)
        return revert(operation_id, who, standing)

    network.apply, network.revert = slow, heard  # type: ignore[method-assign]
    advance(order.id, "en", NOW)
    assert network.lines
    assert Number.objects.get(e164=e164).state == "held"
    advance(order.id, "en", late + timedelta(minutes=10))
    assert told == [e164] * 2
    assert network.lines == {}
    nothing_is_left(cast, order.id)
