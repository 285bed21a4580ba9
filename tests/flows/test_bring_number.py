"""bring_number: a buyer's number comes from another operator, or everything is as it was."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from keepline.catalog import queries as catalog
from keepline.catalog.models import Plan, Region
from keepline.core.lifecycle.order import OrderState
from keepline.flows import bring_number, buy_line
from keepline.flows.advance_order import advance
from keepline.flows.buy_line import PurchaseRequest
from keepline.flows.close_line import close
from keepline.flows.errors import FlowRefused
from keepline.flows.hear_of_port import hear
from keepline.flows.open_payment import open_payment
from keepline.flows.show_order import show_order
from keepline.flows.sweep_lines import sweep
from keepline.gateways import switchboard
from keepline.inventory.models import Number, OwnershipPeriod, Profile
from keepline.lines.models import Extension, Line, Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments.models import Payment
from keepline.porting.models import PortIn
from keepline.porting.ways_in import Brought
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import wallet
from tests.flows.buying import request
from tests.inventory import shelves
from tests.porting import ScriptedHouse

pytestmark = pytest.mark.django_db
E164, CODE, NAME = 447700900871, "ABC123456", "Ada Lovelace"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
ACTIVATION = {"smdp_address": "smdp.example.com", "matching_id": "A-B-C"}


@pytest.fixture
def cast(house: ScriptedHouse) -> Cast:
    """A buyer with ten dollars, an eSIM in stock, and a number at another operator's."""
    made = assemble()
    shelves.profiles(shelves.pool("uk-esim", "profile"), 1, **ACTIVATION)
    house.owns(E164, "elsewhere", CODE, NAME)
    house.shows, house.notice_s = NOW, DAY.total_seconds()
    return made


def bringing(cast: Cast, **changes: Any) -> PurchaseRequest:
    brought = Brought(changes.pop("e164", E164), changes.pop("code", CODE), NAME)
    return request(cast, bring=brought, **changes)


def at(house: ScriptedHouse, now: datetime, order_id: Any) -> OrderState:
    house.shows = now
    return advance(order_id, "en", now)


def nothing_is_left(cast: Cast, house: ScriptedHouse, order_id: Any, way: str = "given_up") -> None:
    """Money, stock and number are where they were."""
    order = Order.objects.by_id(order_id)
    assert order.next_action_at is None
    assert wallet(cast) == (1000, 0)
    assert house.owner(E164) == "elsewhere"
    assert not Number.objects.exists()
    assert not OwnershipPeriod.objects.exists()
    assert not Profile.objects.exclude(state="available").exists()
    assert Validity.objects.by_id(order.line_id).state == "terminated"
    assert Line.objects.by_id(order.line_id).e164 is None
    assert not Extension.objects.filter(order_id=order_id).exists()
    (row,) = PortIn.objects.filter(order_id=order_id)
    assert (row.state, row.sealed) == (way, "")


def told(order_id: Any) -> list[str]:
    rows = Outbox.objects.filter(order_id=order_id).order_by("occurred_at", "id")
    return list(rows.values_list("kind", flat=True))


def test_it_comes_at_its_date(cast: Cast, house: ScriptedHouse, network: ScriptedNetwork) -> None:
    started = buy_line.start(bringing(cast), NOW)
    order_id = started.order_id
    assert (started.state, wallet(cast)) == (OrderState.IN_PROGRESS, (1000, 300))
    assert Number.objects.get(e164=E164).state == "expected"
    assert CODE not in PortIn.objects.get().sealed
    seen = show_order(order_id, cast.account.id, NOW)
    assert (seen.brings_number, seen.comes_at) == (True, None)
    assert seen.order.promised_until == NOW + bring_number.ANSWERED_WITHIN
    assert at(house, NOW, order_id) is OrderState.IN_PROGRESS
    order = Order.objects.by_id(order_id)
    assert (order.next_action_at, order.promise_until) == (NOW + DAY, NOW + 2 * DAY)
    assert show_order(order_id, cast.account.id, NOW).comes_at == NOW + DAY
    assert told(order_id) == ["number.expected"]
    assert network.lines == {}, "the network hears of it at the date"
    assert at(house, NOW + DAY, order_id) is OrderState.COMPLETED
    line = Line.objects.by_id(order.line_id)
    validity = Validity.objects.by_id(order.line_id)
    assert (line.e164, validity.state) == (E164, "active")
    assert validity.valid_until == datetime.fromisoformat("2026-04-11T12:00:00+00:00").replace(
        hour=11
    )  # a month from the date, by the clock of Berlin
    number = Number.objects.get(e164=E164)
    assert (number.state, number.until_at, number.pool_id) == ("assigned", None, None)
    assert OwnershipPeriod.objects.get(e164=E164).begins_at == NOW + DAY
    assert house.owner(E164) == "keepline"
    assert wallet(cast) == (700, 0)
    assert told(order_id) == ["number.expected", "line.bought"]
    (row,) = PortIn.objects.all()
    assert (row.state, row.donor, row.sealed) == ("ported", "elsewhere", "")
    again = buy_line.start(bringing(cast), NOW + DAY)
    assert (again.order_id, again.first) == (order_id, False)


def by_hand(house: ScriptedHouse) -> None:
    """The clearing house cuts over a day before the date."""
    house.shows = NOW + DAY
    house.books.cut_over(str(PortIn.objects.get().id), house.operator)


def begins_at(cast: Cast, house: ScriptedHouse, order_id: Any, now: datetime) -> None:
    """One look makes this instant the date, the next brings the line to life."""
    at(house, now, order_id)
    order = Order.objects.by_id(order_id)
    assert (bring_number.cut_over_of(order), order.next_action_at) == (now, now)
    assert order.promise_until == now + DAY
    assert at(house, now, order_id) is OrderState.COMPLETED
    assert OwnershipPeriod.objects.get(e164=E164).begins_at == now
    assert Extension.objects.get(order_id=order_id).period_start == now


def test_it_is_here_before_anybody_heard_its_date(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork
) -> None:
    """It does not lie about until the date, and the letter says what is."""
    order_id = buy_line.start(bringing(cast), NOW).order_id
    house.script = ["mute"]
    at(house, NOW, order_id)
    by_hand(house)
    begins_at(cast, house, order_id, NOW + MINUTE)
    assert told(order_id) == ["line.bought"]


def test_it_is_here_before_its_date(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork
) -> None:
    """The clearing house's call makes us look."""
    order_id = buy_line.start(bringing(cast), NOW).order_id
    at(house, NOW, order_id)
    by_hand(house)
    hear(PortIn.objects.get().id, NOW + MINUTE)
    begins_at(cast, house, order_id, NOW + MINUTE)


def test_nobody_pays_for_days_on_which_nobody_heard_its_date(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork
) -> None:
    order_id = buy_line.start(bringing(cast), NOW).order_id
    house.script = ["mute"]
    at(house, NOW, order_id)
    begins_at(cast, house, order_id, NOW + 4 * DAY)


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"code": "WRONG"}, "port_code_refused"),
        ({"e164": E164 + 1}, "port_number_unknown"),
    ],
)
def test_refused_by_the_other_operator(
    cast: Cast, house: ScriptedHouse, changes: dict[str, Any], failure: str
) -> None:
    order_id = buy_line.start(bringing(cast, **changes), NOW).order_id
    for _ in range(3):
        at(house, NOW, order_id)
    order = Order.objects.by_id(order_id)
    assert (order.state, order.failure_code) == ("failed", failure)
    if "code" in changes:
        nothing_is_left(cast, house, order_id)
    assert wallet(cast) == (1000, 0)
    assert order.next_action_at is None


def test_refused_for_what_anybody_can_see(cast: Cast, house: ScriptedHouse) -> None:
    shelves.numbers(shelves.pool("uk"), 1, E164 + 5)
    for wanted, code in (
        (bringing(cast, e164=E164 + 5), "port_in_refused"),  # it is ours already
        (bringing(cast, code=" "), "port_in_refused"),
    ):
        with pytest.raises(FlowRefused, match=code):
            buy_line.start(wanted, NOW)
    switchboard._factories.pop("porting")
    with pytest.raises(FlowRefused, match="no_porting"):
        buy_line.start(bringing(cast), NOW)
    assert not Order.objects.filter(kind="purchase").exists()
    assert not Number.objects.filter(e164=E164).exists()


def test_a_number_of_another_country(cast: Cast, house: ScriptedHouse) -> None:
    Region.objects.create(code="de", name={"en": "Germany"}, countries=["DE"])
    Plan.objects.filter(id=cast.plan.id).update(region=Region.objects.get(code="de"))
    catalog.forget()
    with pytest.raises(FlowRefused, match="port_in_refused"):
        buy_line.start(bringing(cast), NOW)
    house.owns(4930901820, "elsewhere", CODE, NAME)
    assert buy_line.start(bringing(cast, e164=4930901820), NOW).order_id
    catalog.forget()


def test_one_number_comes_to_one_buyer(cast: Cast, house: ScriptedHouse) -> None:
    buy_line.start(bringing(cast), NOW)
    with pytest.raises(FlowRefused, match="port_in_refused"):
        buy_line.start(bringing(cast, key="key-0002"), NOW)
    assert PortIn.objects.count() == 1


def test_taken_back_before_its_date(cast: Cast, house: ScriptedHouse) -> None:
    order_id = buy_line.start(bringing(cast), NOW).order_id
    at(house, NOW, order_id)
    house.books.cancel(str(PortIn.objects.get().id), "elsewhere")
    for minutes in range(4):
        at(house, NOW + DAY + minutes * MINUTE, order_id)
    assert Order.objects.by_id(order_id).state == "failed"
    nothing_is_left(cast, house, order_id)


def test_nobody_answers_in_time(cast: Cast, house: ScriptedHouse) -> None:
    order_id = buy_line.start(bringing(cast), NOW).order_id
    house.deaf = True
    at(house, NOW, order_id)
    late = NOW + bring_number.ANSWERED_WITHIN
    assert at(house, late, order_id) is OrderState.HELD, "nobody knows whether it comes"
    assert wallet(cast) == (1000, 300)
    house.deaf = False
    assert at(house, late + MINUTE, order_id) is OrderState.WITHDRAWN
    for minutes in (2, 8, 9):
        at(house, late + minutes * MINUTE, order_id)
    nothing_is_left(cast, house, order_id)


@pytest.mark.parametrize("word", ["lost", "mute"])
def test_a_cut_over_of_which_nobody_heard(
    cast: Cast, house: ScriptedHouse, word: str, network: ScriptedNetwork
) -> None:
    order_id = buy_line.start(bringing(cast), NOW).order_id
    at(house, NOW, order_id)
    house.script = [word]
    assert at(house, NOW + DAY, order_id) is OrderState.HELD
    assert Number.objects.get(e164=E164).state == "expected"
    assert at(house, NOW + DAY + MINUTE, order_id) is OrderState.COMPLETED
    assert house.owner(E164) == "keepline"


def test_a_number_that_has_come_is_never_paid_back(
    cast: Cast, house: ScriptedHouse, network: ScriptedNetwork
) -> None:
    """The answer to the cut-over is lost, and then the promise passes."""
    order_id = buy_line.start(bringing(cast), NOW).order_id
    at(house, NOW, order_id)
    house.script = ["mute"]
    at(house, NOW + DAY, order_id)
    late = NOW + 2 * DAY
    assert at(house, late, order_id) is OrderState.HELD
    assert Order.objects.by_id(order_id).promised_until > late
    assert at(house, late + 2 * MINUTE, order_id) is OrderState.COMPLETED
    assert wallet(cast) == (700, 0)


def test_a_network_that_says_no(cast: Cast, house: ScriptedHouse, network: ScriptedNetwork) -> None:
    order_id = buy_line.start(bringing(cast), NOW).order_id
    at(house, NOW, order_id)
    network.script = ["refuse"]
    for minutes in range(4):
        at(house, NOW + DAY + minutes * MINUTE, order_id)
    assert Order.objects.by_id(order_id).state == "failed"
    nothing_is_left(cast, house, order_id)


def test_never_paid(cast: Cast, house: ScriptedHouse, provider: FakeProvider) -> None:
    asked = bringing(cast, provider="sandbox", use_wallet="none")
    order_id = buy_line.start(asked, NOW).order_id
    open_payment(order_id, "en", NOW)
    assert Payment.objects.get().state == "pending"
    for minutes in (61, 62, 63):
        at(house, NOW + minutes * MINUTE, order_id)
    assert Order.objects.by_id(order_id).state == "cancelled"
    nothing_is_left(cast, house, order_id)


def test_it_may_be_brought_again_and_leave_again(cast: Cast, house: ScriptedHouse) -> None:
    first = buy_line.start(bringing(cast, code="WRONG"), NOW).order_id
    for _ in range(3):
        at(house, NOW, first)
    second = buy_line.start(bringing(cast, key="key-0002"), NOW).order_id
    at(house, NOW, second)
    assert at(house, NOW + DAY, second) is OrderState.COMPLETED


def test_when_its_line_ends_nobody_else_gets_it(cast: Cast, house: ScriptedHouse) -> None:
    order_id = buy_line.start(bringing(cast), NOW).order_id
    at(house, NOW, order_id)
    at(house, NOW + DAY, order_id)
    line_id = Order.objects.by_id(order_id).line_id
    assert line_id is not None
    close(cast.account.id, line_id, "user:1", NOW + 2 * DAY)
    sweep(NOW + 400 * DAY)
    number = Number.objects.get(e164=E164)
    assert (number.state, number.pool_id) == ("available", None)
