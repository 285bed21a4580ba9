"""reissue_profile: a new profile is in before the old one goes, so and so often within a year."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.flows import buy_line, reissue_profile
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.flows.follow_profile import follow_profile
from keepline.flows.show_esim import show_esim
from keepline.flows.swap_sim import SimSwapRequest
from keepline.inventory.models import Pool, Profile
from keepline.lines.models import Line
from keepline.orders.models import Order
from tests.cast import NOW, Cast
from tests.doubles import ScriptedNetwork, ScriptedSmdp
from tests.flows.acts import wallet
from tests.flows.at_once import at_once
from tests.flows.buying import request, stocked
from tests.flows.test_follow_profile import INSTALLED, told
from tests.inventory import shelves

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def used(spare: int = 4) -> tuple[Cast, Any, str]:
    """A line whose eSIM is on a phone; more profiles are in stock."""
    cast, *_ = stocked()
    started = buy_line.start(request(cast), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.COMPLETED
    iccid = Profile.objects.get(line_id=started.order.served_line).iccid
    follow_profile(told(iccid, INSTALLED), NOW)
    pool = Pool.objects.get(id=Profile.objects.get(iccid=iccid).pool_id)
    for number in range(10**6 + 10, 10**6 + 10 + spare):
        shelves.profile(shelves.iccid(number), pool)
    return cast, started.order.served_line, iccid


def asked(cast: Cast, line_id: Any, key: str = "key-again-1", **changes: Any) -> SimSwapRequest:
    values: dict[str, Any] = {
        "account_id": cast.account.id,
        "line_id": line_id,
        "key": key,
        "expected_fee_minor": 0,
        "actor": "user:1",
        "channel": "portal",
    }
    return SimSwapRequest(**(values | changes))


def refused(wanted: SimSwapRequest, at: Any = NOW) -> FlowRefused:
    with pytest.raises(FlowRefused) as caught:
        reissue_profile.start(wanted, at)
    return caught.value


def state_of(iccid: str) -> str:
    return str(Profile.objects.get(iccid=iccid).state)


def test_the_new_one_is_in_before_the_old_one_goes(
    smdp: ScriptedSmdp, network: ScriptedNetwork
) -> None:
    cast, line_id, old = used()
    free = wallet(cast)
    network.script = ["lost"]
    started = reissue_profile.start(asked(cast, line_id), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.HELD
    new = (started.order.stock or {})["profile"]
    assert (Line.objects.by_id(line_id).iccid, state_of(old)) == (old, "installed")
    assert state_of(new) == "released"  # ordered, while the old one serves
    view = show_esim(line_id, cast.account.id, NOW)
    assert (view.iccid, view.reissues.under_way, view.resting) == (old, True, False)
    assert advance(started.order_id, "en", NOW + timedelta(minutes=1)) is OrderState.COMPLETED
    assert Line.objects.by_id(line_id).iccid == new != old
    subscriber = network.standing[started.order_id].subscriber
    assert (subscriber.iccid, subscriber.former and subscriber.former.iccid) == (new, old)
    view = show_esim(line_id, cast.account.id, NOW)
    assert (view.iccid, view.stage, view.has_code) == (new, "ready", True)
    assert (view.reissues.left, view.reissues.under_way) == (1, False)
    assert wallet(cast) == free


@pytest.mark.parametrize("how", ["profile_unknown", "network"])
def test_what_fails_leaves_the_old_one_working(
    smdp: ScriptedSmdp, network: ScriptedNetwork, how: str
) -> None:
    cast, line_id, old = used()
    if how == "network":
        network.script = ["refuse"]
    else:
        smdp.script = [how]
    started = reissue_profile.start(asked(cast, line_id), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.FAILED
    for minutes in (1, 2, 3):
        advance(started.order_id, "en", NOW + timedelta(minutes=minutes))
    assert Order.objects.by_id(started.order_id).next_action_at is None
    assert (Line.objects.by_id(line_id).iccid, state_of(old)) == (old, "installed")
    new = (started.order.stock or {})["profile"]
    assert state_of(new) == ("available" if how == "network" else "unavailable")
    assert reissue_profile.reissues_of(line_id, cast.account.id, NOW).left == 2


def test_so_often_within_a_year_and_again_after_it(smdp: ScriptedSmdp) -> None:
    cast, line_id, _ = used()
    for place in range(2):
        at = NOW + place * DAY
        started = reissue_profile.start(asked(cast, line_id, f"key-again-{place}"), at)
        assert advance(started.order_id, "en", at) is OrderState.COMPLETED
    gone = refused(asked(cast, line_id, "key-again-3"), NOW + 2 * DAY)
    assert (gone.code, gone.facts["again_at"]) == ("reissue_limit", NOW + 365 * DAY)
    left = reissue_profile.reissues_of(line_id, cast.account.id, NOW + 365 * DAY)
    assert (left.left, left.again_at) == (1, None)


def test_the_operator_may_allow_none(smdp: ScriptedSmdp, settings: Any) -> None:
    cast, line_id, _ = used()
    settings.ENV = replace(settings.ENV, esim_reissues_per_year=0)
    assert refused(asked(cast, line_id)).code == "reissue_limit"
    assert reissue_profile.reissues_of(line_id, cast.account.id, NOW).again_at is None
    assert not Order.objects.filter(kind="new_sim").exists()


def test_refusals_change_nothing(smdp: ScriptedSmdp) -> None:
    cast, line_id, _ = used(spare=0)
    assert refused(asked(cast, cast.line.id)).code == "not_found"  # no eSIM
    assert refused(asked(cast, line_id, account_id=cast.other_account.id)).code == "not_found"
    Profile.objects.filter(state="available").update(state="unavailable")
    assert refused(asked(cast, line_id)).code == "sim_not_free"
    assert not Order.objects.filter(kind="new_sim").exists()
    assert not Profile.objects.filter(state="held").exists()


def test_the_same_key_is_the_same_order(smdp: ScriptedSmdp) -> None:
    cast, line_id, _ = used()
    first = reissue_profile.start(asked(cast, line_id), NOW)
    again = reissue_profile.start(asked(cast, line_id), NOW)
    assert (again.order_id, again.first) == (first.order_id, False)
    assert refused(asked(cast, line_id, "key-again-2")).code == "order_under_way"
    assert Profile.objects.filter(state="held").count() == 1
    advance(first.order_id, "en", NOW)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one(smdp: ScriptedSmdp, hardly_any_limits: None) -> None:
    cast, line_id, _ = used()
    answers = at_once(
        [
            lambda: reissue_profile.start(asked(cast, line_id, "key-again-1"), NOW),
            lambda: reissue_profile.start(asked(cast, line_id, "key-again-2"), NOW),
        ]
    )
    assert sum(isinstance(answer, FlowRefused) for answer in answers) == 1
    (order,) = Order.objects.filter(kind="new_sim")
    advance(order.id, "en", NOW)
    assert Profile.objects.filter(state="held").count() == 0
