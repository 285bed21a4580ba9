"""switch_carrier: the line goes to another carrier with all it has, or stays as it was."""

from datetime import timedelta
from typing import Any

import pytest

from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan, Policy
from keepline.core.lifecycle.line import LineEvent
from keepline.core.lifecycle.order import OrderState
from keepline.flows import swap_sim, switch_carrier
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.flows.show_esim import show_esim
from keepline.flows.show_line import show_line
from keepline.inventory.models import CardHolding, Profile
from keepline.lines.models import Line
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from tests.cast import NOW, Cast
from tests.doubles import ScriptedNetwork, ScriptedSmdp
from tests.flows.acts import wallet
from tests.flows.at_once import at_once
from tests.flows.carrying import FEE_MINOR, carried, numbered, phone_installs, switch, where
from tests.flows.changing import moved

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=11)


def switched(cast: Cast, carrier: str, key: str = "key-0001", **changes: Any) -> Order:
    started = switch_carrier.start(switch(cast, carrier, key, **changes), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.COMPLETED
    found: Order = Order.objects.by_id(started.order_id)
    return found


def refused(cast: Cast, carrier: str = "true-th", **changes: Any) -> str:
    with pytest.raises(FlowRefused) as caught:
        switch_carrier.start(switch(cast, carrier, "key-refused", **changes), NOW)
    return caught.value.code


def state_of(iccid: str) -> str:
    return str(Profile.objects.get(iccid=iccid).state)


def test_the_new_one_is_in_before_the_old_one_goes(
    smdp: ScriptedSmdp, network: ScriptedNetwork
) -> None:
    cast, (old, new, _), (first, second, _) = carried()
    network.script = ["lost"]
    started = switch_carrier.start(switch(cast, new.code), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.HELD
    assert where(cast) == (old.id, first[0], {}), "the old one serves"
    assert state_of(second[0]) == "released", "the new one is ordered"
    assert wallet(cast) == (1000, FEE_MINOR)
    assert advance(started.order_id, "en", NOW + timedelta(minutes=1)) is OrderState.COMPLETED
    assert where(cast) == (new.id, second[0], {first[0]: old.id})
    told = network.standing[started.order_id].subscriber
    assert (told.iccid, told.former and told.former.iccid) == (second[0], first[0])
    assert wallet(cast) == (1000 - FEE_MINOR, 0)
    kinds = Outbox.objects.filter(order_id=started.order_id).values_list("kind", flat=True)
    assert set(kinds) == {"carrier.switch_asked", "carrier.switched"}
    view = show_line(cast.line.id, cast.account.id, NOW)
    assert (view.card.carrier, view.standby) == ("TRUE-TH", ["AIS"])
    assert show_esim(cast.line.id, cast.account.id, NOW).stage == "ready"
    order = Order.objects.by_id(started.order_id)
    assert (order.proof["carrier_before"], order.proof["carrier_after"]) == ("AIS", "TRUE-TH")  # type: ignore[index]


def test_the_way_back_needs_no_download(smdp: ScriptedSmdp, network: ScriptedNetwork) -> None:
    cast, (a, b, _), (first, second, _) = carried()
    switched(cast, b.code)
    phone_installs(second[0])
    calls = list(smdp.calls)
    back = switched(cast, a.code, "key-0002")
    assert where(cast) == (a.id, first[0], {second[0]: b.id})
    assert back.stock == {"carrier": a.id, "standby": first[0]}
    switched(cast, b.code, "key-0003")
    assert where(cast) == (b.id, second[0], {first[0]: a.id})
    assert smdp.calls == calls
    told = [each.subscriber for each in network.standing.values()]
    assert [(each.iccid, each.former and each.former.iccid) for each in told] == [
        (second[0], first[0]),
        (first[0], second[0]),
        (second[0], first[0]),
    ]
    assert set(CardHolding.objects.values_list("iccid", "line_id")) == {
        (first[0], cast.line.id),
        (second[0], cast.line.id),
    }


def test_one_that_nobody_downloaded_is_taken_back(smdp: ScriptedSmdp) -> None:
    cast, (a, b, c), (first, second, _) = carried()
    switched(cast, c.code)
    phone_installs(Line.objects.by_id(cast.line.id).iccid or "")
    switched(cast, b.code, "key-0002")
    back = switched(cast, a.code, "key-0003")
    assert state_of(second[0]) == "released", "the SM-DP+ has not been told"
    advance(back.id, "en", NOW)
    assert (state_of(second[0]), second[0] in smdp.states) == ("unavailable", False)
    assert Order.objects.by_id(back.id).next_action_at is None
    carrier_id, iccid, beside = where(cast)
    assert (carrier_id, iccid) == (a.id, first[0])
    assert set(beside.values()) == {c.id}, "that of the third carrier stands by still"


def test_a_phone_that_lost_it_gets_another(smdp: ScriptedSmdp) -> None:
    cast, (a, b, _), (first, second, _) = carried()
    switched(cast, b.code)
    phone_installs(second[0])
    switched(cast, a.code, "key-0002", anew=True)
    assert where(cast) == (a.id, first[1], {second[0]: b.id})
    phone_installs(first[1])
    Profile.objects.filter(iccid=second[0]).update(state="deleted")
    again = switched(cast, b.code, "key-0003")
    assert (again.stock or {})["profile"] == second[1], "what was deleted stands by no more"


def test_without_keeping_the_old_one_stays_where_it_is(smdp: ScriptedSmdp) -> None:
    cast, (a, b, _), (first, second, _) = carried(keeps_profiles=False)
    switched(cast, b.code)
    assert where(cast) == (b.id, second[0], {})
    assert state_of(first[0]) == "installed"
    switched(cast, a.code, "key-0002")
    assert where(cast) == (a.id, first[1], {})


def test_another_sim_ends_what_stood_by(smdp: ScriptedSmdp) -> None:
    cast, (_, b, _), (_, second, _) = carried()
    switched(cast, b.code)
    asked = swap_sim.SimSwapRequest(
        cast.account.id, cast.line.id, "key-0002", None, "user:1", "portal"
    )
    assert advance(swap_sim.start(asked, NOW).order_id, "en", NOW) is OrderState.COMPLETED
    assert where(cast) == (b.id, second[1], {})


@pytest.mark.parametrize("how", ["refuse", "mute", "no_profile"])
@pytest.mark.parametrize("stands_by", [False, True])
def test_what_was_not_confirmed_leaves_all_as_it_was(
    smdp: ScriptedSmdp, network: ScriptedNetwork, how: str, stands_by: bool
) -> None:
    cast, (a, b, _), (_, second, _) = carried()
    if stands_by:
        switched(cast, b.code, "key-0000")
        phone_installs(second[0])
        switched(cast, a.code, "key-0001")
    before, money = where(cast), wallet(cast)
    network.script = ["lost"] * 3 if how == "no_profile" else [how]
    smdp.script = ["profile_unknown"] if how == "no_profile" else []
    started = switch_carrier.start(switch(cast, b.code, "key-0009"), NOW)
    advance(started.order_id, "en", NOW)
    for minutes in (0, 0, 6):
        advance(started.order_id, "en", LATER + timedelta(minutes=minutes))
    order = Order.objects.by_id(started.order_id)
    assert (order.state in ("failed", "withdrawn"), order.next_action_at) == (True, None)
    assert (where(cast), wallet(cast)) == (before, money)
    assert not Profile.objects.filter(state="held").exists()


def test_a_number_of_no_carrier_goes_along(smdp: ScriptedSmdp, network: ScriptedNetwork) -> None:
    cast, (_, b, _), (_, second, _) = carried(voice_seconds=600)
    e164 = numbered(cast, None)
    order = switched(cast, b.code)
    told = network.standing[order.id].subscriber
    assert (told.msisdn, told.iccid) == (e164, second[0])
    assert Line.objects.by_id(cast.line.id).e164 == e164


def test_a_number_of_its_carrier_stays(smdp: ScriptedSmdp) -> None:
    cast, (a, b, _), _ = carried(voice_seconds=600)
    numbered(cast, a)
    assert refused(cast, b.code) == "number_stays"
    options = switch_carrier.preview(cast.account.id, cast.line.id, NOW).options
    assert [(each.current, each.number_stays, each.open) for each in options] == [
        (True, False, False),
        (False, True, False),
        (False, True, False),
    ]
    Line.objects.filter(id=cast.line.id).update(carrier_id=b.id)  # where it never should have been
    assert switch_carrier.preview(cast.account.id, cast.line.id, NOW).options[0].open


def test_a_number_that_came_with_its_line_stays(smdp: ScriptedSmdp) -> None:
    cast, (_, b, _), _ = carried(voice_seconds=600)
    Line.objects.filter(id=cast.line.id).update(e164=66812345678)
    assert refused(cast, b.code) == "number_stays"
    Line.objects.filter(id=cast.line.id).update(e164=None)


def test_what_is_offered(smdp: ScriptedSmdp) -> None:
    cast, (a, b, c), _ = carried()
    switched(cast, b.code)
    Profile.objects.filter(state="available").exclude(pool_id=1).update(state="unavailable")
    seen = switch_carrier.preview(cast.account.id, cast.line.id, NOW)
    assert (seen.refusal, seen.again_at) == (None, None)
    assert (seen.fee.amount_minor, seen.fee.currency) == (FEE_MINOR, "USD")
    assert [(each.carrier.code, each.standby, each.open) for each in seen.options] == [
        (a.code, True, True),
        (b.code, False, False),
        (c.code, False, False),
    ]


def test_what_cannot_be_switched_changes_nothing(smdp: ScriptedSmdp) -> None:
    cast, (a, b, c), (first, *_) = carried()
    before = where(cast), wallet(cast)
    assert refused(cast, a.code) == "carrier_not_offered", "it is there already"
    assert refused(cast, "nobody") == "carrier_not_offered"
    assert refused(cast, b.code, account_id=cast.other_account.id) == "not_found"
    assert refused(cast, b.code, sim="card") == "sim_not_for_plan"
    assert refused(cast, b.code, iccid=first[1]) == "sim_not_free", "of another carrier"
    assert refused(cast, b.code, expected_fee_minor=1) == "price_changed"
    assert refused(cast, b.code, eid="1" * 32) == "eid_refused"
    Line.objects.update(transfer_lock=True)
    assert refused(cast, b.code) == "transfer_locked"
    Line.objects.update(transfer_lock=False)
    Policy.objects.update(carrier_switch_fee_minor={"USD": 5000})
    catalog.forget()
    assert refused(cast, b.code) == "wallet_short"
    Profile.objects.filter(state="available").update(state="unavailable")
    assert refused(cast, b.code) == "sim_not_free"
    moved(cast, LineEvent.BLOCK)
    assert refused(cast, c.code) == "change_refused"
    assert (where(cast), wallet(cast)) == before
    assert not Profile.objects.filter(state="held").exists()


def test_while_it_is_switched_the_truth_is_said(smdp: ScriptedSmdp) -> None:
    """To the carrier that it is leaving, to the one that it goes to, and to a third."""
    cast, (a, b, c), _ = carried()
    order_id = switch_carrier.start(switch(cast, b.code, "key-0009"), NOW).order_id
    for carrier in (a, b, c):
        assert refused(cast, carrier.code) == "order_under_way"
    assert refused(cast, "nobody") == "carrier_not_offered"
    advance(order_id, "en", NOW)
    assert refused(cast, b.code) == "carrier_not_offered", "it is there"


def test_a_line_without_a_sim_or_without_a_choice() -> None:
    cast, (a, b, _), _ = carried()
    Line.objects.update(iccid=None)
    assert refused(cast, b.code) == "sim_not_for_plan"
    Plan.objects.filter(id=cast.plan.id).update(carrier_ids=[], carrier=a)
    assert refused(cast, b.code) == "carrier_not_offered"
    seen = switch_carrier.preview(cast.account.id, cast.line.id, NOW)
    assert (seen.options, seen.refusal and seen.refusal.code) == ([], "carrier_not_offered")
    assert not show_line(cast.line.id, cast.account.id, NOW).switchable


def test_not_so_soon_again(smdp: ScriptedSmdp) -> None:
    cast, (a, b, _), _ = carried()
    Policy.objects.update(carrier_switch_days=7)
    catalog.forget()
    switched(cast, b.code)
    assert refused(cast, a.code) == "carrier_switch_too_soon"
    seen = switch_carrier.preview(cast.account.id, cast.line.id, NOW)
    assert seen.again_at == NOW + timedelta(days=7)
    assert switch_carrier.start(switch(cast, a.code, "key-0002"), NOW + timedelta(days=7)).first
    work = Order.objects.filter(kind="carrier", state="in_progress").get()
    advance(work.id, "en", NOW + timedelta(days=7))


def test_the_same_key_is_the_same_order(smdp: ScriptedSmdp) -> None:
    cast, (_, b, c), _ = carried()
    first = switch_carrier.start(switch(cast, b.code), NOW)
    again = switch_carrier.start(switch(cast, b.code), NOW)
    assert (again.order_id, again.first) == (first.order_id, False)
    with pytest.raises(FlowRefused, match="key_reused"):
        switch_carrier.start(switch(cast, c.code), NOW)
    assert refused(cast, c.code) == "order_under_way"
    assert Profile.objects.filter(state="held").count() == 1
    advance(first.order_id, "en", NOW)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one(smdp: ScriptedSmdp, hardly_any_limits: None) -> None:
    cast, (a, b, c), (_, second, _) = carried()
    switched(cast, b.code, "key-0000")
    phone_installs(second[0])
    answers = at_once(
        [
            lambda: switch_carrier.start(switch(cast, a.code, "key-0001"), NOW),
            lambda: switch_carrier.start(switch(cast, c.code, "key-0002"), NOW),
        ]
    )
    assert sum(isinstance(answer, FlowRefused) for answer in answers) == 1
    (order,) = Order.objects.filter(kind="carrier", state="in_progress")
    advance(order.id, "en", NOW)
    assert Profile.objects.filter(state="held").count() == 0
