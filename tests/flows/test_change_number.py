"""change_number: both numbers change hands at once, or nothing does."""

from datetime import timedelta
from functools import partial

import pytest

from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan, Policy
from keepline.core.lifecycle.line import LineEvent
from keepline.core.lifecycle.order import OrderState
from keepline.flows import change_number, renew_line
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.gateways import switchboard
from keepline.inventory import queries as stock
from keepline.inventory.models import Number, OwnershipPeriod
from keepline.ledger.models import Transfer
from keepline.lines.models import Line
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from tests.cast import NOW
from tests.doubles import ScriptedNetwork
from tests.flows.acts import request, wallet
from tests.flows.at_once import at_once, deadlocks
from tests.flows.changing import NEW, OLD, as_before, moved, number_change, numbered

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=11)  # the promise has passed


def refused(wanted: change_number.NumberChangeRequest, at: object = NOW) -> str:
    with pytest.raises(FlowRefused) as caught:
        change_number.start(wanted, at)  # type: ignore[arg-type]
    return caught.value.code


def test_the_new_number_is_the_lines_and_the_old_one_rests(network: ScriptedNetwork) -> None:
    cast, *_ = numbered()
    seen = change_number.preview(cast.account.id, cast.line.id, NOW)
    assert (seen.fee.amount_minor, seen.fee.short_minor, seen.refusal) == (250, 0, None)
    assert sorted(seen.free) == [OLD + place for place in range(1, 5)]
    started = change_number.start(number_change(cast, e164=NEW), NOW)
    assert started.state is OrderState.IN_PROGRESS
    assert wallet(cast) == (1000, 250)
    assert (Number.objects.get(e164=NEW).state, Line.objects.get().e164) == ("held", OLD)
    assert advance(started.order_id, "en", NOW) is OrderState.COMPLETED
    assert Line.objects.get().e164 == NEW
    assert wallet(cast) == (750, 0)
    old, new = Number.objects.get(e164=OLD), Number.objects.get(e164=NEW)
    assert (new.state, new.line_id, new.until_at) == ("assigned", cast.line.id, None)
    assert (old.state, old.until_at) == ("quarantine", NOW + timedelta(days=180))
    assert stock.holder_at(NEW, NOW) == cast.account.id
    assert stock.holder_at(OLD, NOW + timedelta(seconds=1)) is None
    told = network.standing[started.order_id].subscriber
    assert (told.msisdn, told.former and told.former.msisdn) == (NEW, OLD)
    letters = Outbox.objects.filter(order_id=started.order_id).order_by("id")
    assert set(letters.values_list("kind", flat=True)) == {"number.change_asked", "number.changed"}
    fee = Transfer.objects.get(order_id=started.order_id, code=9)
    assert (fee.amount_minor, fee.phase) == (250, "single")


def test_a_repeat_of_the_key_is_the_same_order() -> None:
    cast, *_ = numbered()
    first = change_number.start(number_change(cast), NOW)
    again = change_number.start(number_change(cast), NOW)
    assert (again.order_id, again.first) == (first.order_id, False)
    assert Number.objects.filter(state="held").count() == 1
    assert refused(number_change(cast, e164=NEW)) == "key_reused"


@pytest.mark.parametrize("how", ["refuse", "mute", "lost"])
def test_what_the_network_never_confirmed_changes_nothing(
    network: ScriptedNetwork, how: str
) -> None:
    cast, *_ = numbered()
    network.script = [how]
    started = change_number.start(number_change(cast), NOW)
    advance(started.order_id, "en", NOW)
    if how != "refuse":
        network.deaf = True
        assert advance(started.order_id, "en", LATER) is OrderState.WITHDRAWN
        advance(started.order_id, "en", LATER)
        assert Number.objects.filter(state="held").count() == 1  # the network may have it
        assert refused(number_change(cast, key="key-0002"), LATER) == "order_under_way"
        network.deaf = False
    advance(started.order_id, "en", LATER + timedelta(hours=1))
    advance(started.order_id, "en", LATER + timedelta(hours=1))
    assert Order.objects.by_id(started.order_id).next_action_at is None
    assert wallet(cast) == (1000, 0)
    as_before(cast)
    assert network.lines[str(cast.line.id)].state == "active"


def test_without_a_network_a_bare_number_changes_at_once() -> None:
    cast, *_ = numbered(sim=False)
    without = switchboard._factories.pop("network")
    try:
        started = change_number.start(number_change(cast, e164=NEW), NOW)
    finally:
        switchboard.connect("network", without)
    assert started.state is OrderState.COMPLETED
    assert Line.objects.get().e164 == NEW
    assert wallet(cast) == (750, 0)


def test_without_a_network_a_card_keeps_its_number() -> None:
    cast, *_ = numbered()
    without = switchboard._factories.pop("network")
    try:
        assert refused(number_change(cast)) == "no_network"
    finally:
        switchboard.connect("network", without)
    as_before(cast)


def test_what_cannot_be_changed_changes_nothing() -> None:
    cast, *_ = numbered(fee_minor=1001)
    assert refused(number_change(cast)) == "wallet_short"
    assert refused(number_change(cast, expected_fee_minor=1000)) == "price_changed"
    assert refused(number_change(cast, e164=OLD + 99)) == "number_taken"
    assert refused(number_change(cast, account_id=cast.other_account.id)) == "not_found"
    Line.objects.filter(id=cast.line.id).update(transfer_lock=True)
    assert refused(number_change(cast)) == "transfer_locked"
    Number.objects.filter(state="available").update(state="retired")
    Line.objects.filter(id=cast.line.id).update(transfer_lock=False)
    assert refused(number_change(cast)) == "none_free"
    assert wallet(cast) == (1000, 0)
    moved(cast, LineEvent.EXPIRE, LineEvent.SUSPEND)
    assert refused(number_change(cast)) == "change_refused"


def test_a_family_of_plans_that_does_not_allow_it() -> None:
    cast, *_ = numbered()
    for table in ({}, {"EUR": 250}):
        Policy.objects.update(number_change_fee_minor=table)
        catalog.forget()
        assert refused(number_change(cast)) == "number_change_refused"
    as_before(cast)


def test_not_while_another_order_is_under_way() -> None:
    cast, *_ = numbered()
    change_number.start(number_change(cast, e164=NEW), NOW)
    assert refused(number_change(cast, key="key-0002")) == "order_under_way"


def test_not_twice_within_the_days_of_the_policy() -> None:
    cast, *_ = numbered()
    Policy.objects.update(number_change_days=5)
    catalog.forget()
    started = change_number.start(number_change(cast), NOW)
    advance(started.order_id, "en", NOW)
    again = number_change(cast, key="key-0002")
    soon = NOW + timedelta(days=4)
    assert refused(again, soon) == "number_change_too_soon"
    seen = change_number.preview(cast.account.id, cast.line.id, soon)
    assert seen.again_at == NOW + timedelta(days=5)
    assert change_number.start(again, NOW + timedelta(days=5)).first


def test_a_line_that_is_suspended_meanwhile_keeps_its_number(network: ScriptedNetwork) -> None:
    cast, *_ = numbered()
    network.script = ["lost"]
    started = change_number.start(number_change(cast), NOW)
    advance(started.order_id, "en", NOW)
    moved(cast, LineEvent.EXPIRE, LineEvent.SUSPEND)
    for _ in range(3):
        advance(started.order_id, "en", NOW + timedelta(minutes=1))
    assert Order.objects.by_id(started.order_id).failure_code == "state_refuses"
    assert wallet(cast) == (1000, 0)
    as_before(cast)


def test_a_renewal_that_comes_between_is_told_under_the_new_number(
    network: ScriptedNetwork,
) -> None:
    cast, *_ = numbered()
    Plan.objects.update(delivery="network")
    catalog.forget()
    network.script = ["lost"]
    changed = change_number.start(number_change(cast, e164=NEW), NOW)
    advance(changed.order_id, "en", NOW)
    renewed = renew_line.start(request(cast, use_wallet="only"), NOW + timedelta(seconds=1))
    soon = NOW + timedelta(minutes=1)
    assert advance(renewed.order_id, "en", soon) is OrderState.IN_PROGRESS
    assert advance(changed.order_id, "en", soon) is OrderState.COMPLETED
    assert advance(renewed.order_id, "en", soon) is OrderState.COMPLETED
    told = network.standing[renewed.order_id].subscriber
    assert (told.msisdn, told.former) == (NEW, None)
    assert wallet(cast) == (450, 0)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twenty_clicks_at_once_are_one_change() -> None:
    cast, *_ = numbered()
    before = deadlocks()
    asked = [number_change(cast, key=f"key-{place:04}") for place in range(20)]
    got = at_once([partial(change_number.start, each, NOW) for each in asked])
    started = [answer for answer in got if not isinstance(answer, BaseException)]
    polite = {answer.code for answer in got if isinstance(answer, FlowRefused)}
    assert len(started) == 1
    assert polite <= {"order_under_way", "none_free", "busy"}
    assert deadlocks() == before
    at_once([partial(advance, started[0].order_id, "en", NOW)] * 4)
    assert OwnershipPeriod.objects.filter(ends_at=None).count() == 1
    assert Line.objects.get().e164 != OLD
