"""buy_line: a line out of stock, or everything back where it was."""

from datetime import timedelta
from functools import partial

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.flows import buy_line
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.gateways import switchboard
from keepline.inventory.models import Card, Number, OwnershipPeriod, Profile
from keepline.lines.models import Line, LineEvent, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests.cast import NOW, assemble, plan
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import wallet
from tests.flows.at_once import at_once, deadlocks
from tests.flows.buying import nothing_is_left, request, stocked
from tests.inventory import shelves

pytestmark = pytest.mark.django_db
ACTIVATION = {"smdp_address": "smdp.example.com", "matching_id": "A-B-C"}
LATER = NOW + timedelta(minutes=11)  # the promise has passed


def refused(wanted: buy_line.PurchaseRequest) -> str:
    with pytest.raises(FlowRefused) as caught:
        buy_line.start(wanted, NOW)
    return caught.value.code


def test_number_and_esim_are_the_lines_once_the_network_has_them(network: ScriptedNetwork) -> None:
    cast, (e164, *_), (iccid, *_) = stocked(**ACTIVATION)
    seen = buy_line.preview(cast.account.id, cast.plan.code, "USD", "part", NOW)
    started = buy_line.start(request(cast), NOW)
    assert started.state is OrderState.IN_PROGRESS
    assert wallet(cast) == (1000, 300)
    assert Number.objects.get(e164=e164).state == "held"
    assert advance(started.order_id, "en", NOW) is OrderState.COMPLETED
    order = Order.objects.by_id(started.order_id)
    line = Line.objects.by_id(order.line_id)
    validity = Validity.objects.by_id(order.line_id)
    assert (line.e164, line.iccid, line.activated_at) == (e164, iccid, NOW)
    assert (validity.state, validity.valid_until) == ("active", seen.decision.period.end_at)
    assert order.valid_until_after == validity.valid_until
    assert wallet(cast) == (700, 0)
    number, profile = Number.objects.get(e164=e164), Profile.objects.get(iccid=iccid)
    assert (number.state, number.line_id, number.until_at) == ("assigned", line.id, None)
    assert (profile.state, profile.line_id) == ("released", line.id)
    assert network.lines[str(line.id)].valid_until == validity.valid_until
    told = list(Outbox.objects.filter(order_id=order.id).values_list("kind", flat=True))
    assert told == ["line.bought"]
    ways = LineEvent.objects.filter(line_id=line.id).order_by("id").values_list("target", flat=True)
    assert list(ways) == ["provisioning", "ready", "active"]


def test_the_chosen_number_a_card_and_a_providers_money(provider: FakeProvider) -> None:
    cast, (_, e164, _), _ = stocked()
    (iccid,) = shelves.cards(shelves.pool("uk-sim", "card"), 1)
    wanted = request(cast, use_wallet="none", provider="sandbox", e164=e164, sim="card")
    started = buy_line.start(wanted, NOW)
    assert started.needs_payment
    open_payment(started.order_id, "en", NOW)
    provider.pay(Payment.objects.get(order_id=started.order_id).id)
    for _ in range(2):
        advance(started.order_id, "en", NOW)
    line = Line.objects.by_id(Order.objects.by_id(started.order_id).line_id)
    assert (line.e164, line.iccid) == (e164, iccid)
    assert Card.objects.get(iccid=iccid).state == "assigned"


def test_a_repeat_of_the_key_is_the_same_order_and_takes_nothing_more() -> None:
    cast, *_ = stocked(**ACTIVATION)
    first = buy_line.start(request(cast), NOW)
    again = buy_line.start(request(cast), NOW)
    assert (again.order_id, again.first) == (first.order_id, False)
    assert Number.objects.filter(state="held").count() == 1
    assert refused(request(cast, label="another")) == "key_reused"


def test_never_paid_everything_goes_back(provider: FakeProvider) -> None:
    cast, *_ = stocked(**ACTIVATION)
    started = buy_line.start(request(cast, use_wallet="none", provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    later = NOW + timedelta(hours=2)
    advance(started.order_id, "en", later)
    assert advance(started.order_id, "en", later) is OrderState.CANCELLED
    nothing_is_left(cast, started.order_id)


def test_refused_by_the_network_everything_goes_back(network: ScriptedNetwork) -> None:
    cast, *_ = stocked(**ACTIVATION)
    network.script = ["refuse"]
    started = buy_line.start(request(cast), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.FAILED
    advance(started.order_id, "en", NOW)
    nothing_is_left(cast, started.order_id)


def test_stock_is_free_only_after_the_network_was_put_back(network: ScriptedNetwork) -> None:
    cast, *_ = stocked(**ACTIVATION)
    network.script = ["mute"]
    started = buy_line.start(request(cast), NOW)
    assert advance(started.order_id, "en", NOW) is OrderState.HELD
    network.deaf = True
    assert advance(started.order_id, "en", LATER) is OrderState.WITHDRAWN
    advance(started.order_id, "en", LATER)
    assert Number.objects.filter(state="held").count() == 1  # the network may have it
    assert network.lines
    network.deaf = False
    advance(started.order_id, "en", LATER + timedelta(hours=1))
    assert network.lines == {}
    nothing_is_left(cast, started.order_id)


def test_a_bare_number_without_a_network_is_there_at_once() -> None:
    cast = assemble()
    vn = plan("vn-1m", line_kind="virtual_number")
    (e164,) = shelves.numbers(shelves.pool("uk"), 1)
    without = switchboard._factories.pop("network")
    try:
        started = buy_line.start(request(cast, plan_code=vn.code), NOW)
        assert refused(request(cast, key="key-0002")) == "no_network"
    finally:
        switchboard.connect("network", without)
    assert started.state is OrderState.COMPLETED
    assert Number.objects.get(e164=e164).state == "assigned"
    assert wallet(cast) == (700, 0)


def test_what_cannot_be_bought_changes_nothing(network: ScriptedNetwork) -> None:
    cast, (e164, *_), _ = stocked(**ACTIVATION)
    data = plan("data-1m", line_kind="country_esim", data_bytes=10**9)
    assert refused(request(cast, plan_code="no-such")) == "plan_not_sold"
    assert refused(request(cast, plan_code=data.code, e164=e164)) == "number_not_needed"
    assert refused(request(cast, plan_code=data.code, sim="card")) == "sim_not_for_plan"
    assert refused(request(cast, sim="card")) == "sim_not_free"
    assert refused(request(cast, sim="profile", iccid="8944")) == "sim_not_free"
    assert refused(request(cast, iccid=shelves.iccid(99))) == "sim_not_free"
    assert refused(request(cast, eid="89049032123451234512345678901234")) == "eid_refused"
    vn = plan("vn-1m", line_kind="virtual_number")
    assert refused(request(cast, plan_code=vn.code, iccid=shelves.iccid(1))) == "sim_not_for_plan"
    assert refused(request(cast, label="a\u202eb")) == "label_refused"
    assert refused(request(cast, e164=e164 + 77)) == "number_taken"
    assert refused(request(cast, expected_total_minor=299)) == "price_changed"
    assert refused(request(cast, use_wallet="none")) == "wallet_short"
    Profile.objects.update(matching_id="")
    assert refused(request(cast)) == "no_smdp_plus"
    assert not Number.objects.exclude(state="available").exists()
    assert not Profile.objects.exclude(state="available").exists()
    assert wallet(cast) == (1000, 0)
    assert Line.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_sixty_buyers_of_twenty_numbers() -> None:
    cast = assemble(wallet_minor=100_000)
    shelves.numbers(shelves.pool("uk"), 20)
    shelves.profiles(shelves.pool("uk-esim", "profile"), 60)
    Profile.objects.update(smdp_address="smdp.example.com", matching_id="X")
    before = deadlocks()
    wanted = [request(cast, key=f"key-{place:04}") for place in range(60)]
    got = at_once([partial(buy_line.start, each, NOW) for each in wanted])
    sold = [answer for answer in got if not isinstance(answer, BaseException)]
    polite = [answer.code for answer in got if isinstance(answer, FlowRefused)]
    assert len(sold) == 20
    assert set(polite) <= {"none_free", "busy"}
    assert deadlocks() == before
    for each in sold:
        advance(each.order_id, "en", NOW)
    assert OwnershipPeriod.objects.filter(ends_at=None).count() == 20
