"""order_profile: an eSIM is ordered once, whatever the SM-DP+ says or fails to say."""

from datetime import timedelta

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.flows import buy_line
from keepline.flows.advance_order import advance
from keepline.inventory.models import Number, Profile
from keepline.orders.models import Order
from tests.cast import NOW
from tests.doubles import ScriptedNetwork, ScriptedSmdp
from tests.flows.acts import wallet
from tests.flows.buying import nothing_is_left, request, stocked

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("script", [[], ["lost"], ["mute"], ["ok", "lost"], ["ok", "mute"]])
def test_a_profile_is_ordered_whatever_the_smdp_fails_to_say(
    smdp: ScriptedSmdp, script: list[str]
) -> None:
    cast, _, (iccid, *_) = stocked()
    smdp.script = list(script)
    started = buy_line.start(request(cast, eid="89000000000000000000000000000099"), NOW)
    for minute in range(3):
        at = NOW + timedelta(minutes=minute)
        Order.objects.filter(id=started.order_id).update(attempts=minute + 1)
        advance(started.order_id, "en", at)
    assert Order.objects.by_id(started.order_id).state == "completed"
    profile = Profile.objects.get(iccid=iccid)
    assert (profile.state, profile.smdp_address) == ("released", "smdp.example.com")
    assert len(profile.matching_id) == 32
    assert smdp.states == {iccid: "Released"}
    for step in ("reserve", "confirm"):  # the same call, however often
        assert len({call_id for word, call_id in smdp.calls if word == step}) == 1


def test_a_profile_that_the_smdp_does_not_know_is_laid_aside(smdp: ScriptedSmdp) -> None:
    cast, _, (iccid, second) = stocked()
    smdp.script = ["profile_unknown"]
    started = buy_line.start(request(cast), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.FAILED
    advance(started.order_id, "en", NOW)
    assert Order.objects.by_id(started.order_id).failure_code == "smdp_profile_unknown"
    assert Profile.objects.get(iccid=iccid).state == "unavailable"
    assert wallet(cast) == (1000, 0)
    again = buy_line.start(request(cast, key="key-0002"), NOW)
    assert Profile.objects.get(iccid=second).line_id == again.order.line_id


def test_an_ordered_profile_is_cancelled_when_the_network_refuses(
    smdp: ScriptedSmdp, network: ScriptedNetwork
) -> None:
    cast, *_ = stocked()
    network.script = ["refuse"]
    started = buy_line.start(request(cast), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.FAILED
    smdp.script = ["lost"]
    advance(started.order_id, "en", NOW)
    assert smdp.states != {}
    assert Number.objects.filter(state="held").count() == 1
    advance(started.order_id, "en", NOW + timedelta(hours=1))
    assert smdp.states == {}
    nothing_is_left(cast, started.order_id)


def test_told_no_for_now_it_is_asked_anew_as_another_call(smdp: ScriptedSmdp) -> None:
    cast, *_ = stocked()
    smdp.script = ["trouble"]
    started = buy_line.start(request(cast), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.HELD
    assert advance(started.order_id, "en", NOW + timedelta(minutes=1)) is OrderState.COMPLETED
    assert len({call_id for word, call_id in smdp.calls if word == "reserve"}) == 2
