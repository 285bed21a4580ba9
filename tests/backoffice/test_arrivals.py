"""Staff see a number that came without its line, try it again or give it up, in words."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from keepline.flows import buy_line
from keepline.flows.advance_order import advance
from keepline.gateways import switchboard
from keepline.gateways.porting.bridge.fake.books import ELSEWHERE
from keepline.orders.models import Order
from keepline.porting.models import PortIn
from keepline.porting.ways_in import Brought
from tests.cast import Cast
from tests.doubles import ScriptedNetwork
from tests.flows.buying import request
from tests.inventory import shelves
from tests.porting import ScriptedHouse

PAGE = "/backoffice/arrivals/"
E164, CODE = 447700900871, "ABC123456"


@pytest.fixture
def network() -> Iterator[ScriptedNetwork]:
    before, made = dict(switchboard._factories), ScriptedNetwork()
    switchboard.connect("network", lambda: made)
    yield made
    switchboard._factories.clear()
    switchboard._factories.update(before)


@pytest.fixture
def order(stage: Cast, network: ScriptedNetwork) -> Order:
    """The clearing house gave us the number; the network wants no line of it."""
    now = timezone.now()
    house = ScriptedHouse(shows=now)
    switchboard.connect("porting", lambda: house)
    house.owns(E164, ELSEWHERE, CODE)
    shelves.cards(shelves.pool("uk-sim", "card"), 1)
    asked = request(stage, bring=Brought(E164, CODE, ""), sim="card")
    order_id = buy_line.start(asked, now).order_id
    advance(order_id, "en", now)
    house.books.cut_over(str(PortIn.objects.get().id), house.operator)
    network.script = ["refuse"]
    advance(order_id, "en", now + timedelta(seconds=1))
    found: Order = Order.objects.by_id(order_id)
    return found


def test_for_others_these_pages_do_not_exist(order: Order, alice: Client) -> None:
    decide = f"{PAGE}{order.id}/"
    assert alice.get(PAGE).status_code == 404
    assert alice.post(decide, {"decision": "again"}).status_code == 404
    assert Client().get(PAGE).status_code == 302
    assert Client().post(decide, {"decision": "again"}).status_code == 302
    assert PortIn.objects.get().stranded_at is not None


def test_it_is_shown_and_tried_again(order: Order, olga: Client, network: ScriptedNetwork) -> None:
    page = olga.get(PAGE).content.decode()
    for fact in ("+44 7700 900871", "The network refused the change.", "network_", ELSEWHERE):
        assert fact in page
    assert olga.post(f"{PAGE}{order.id}/", {"decision": "again"}).status_code == 302
    page = olga.get(PAGE).content.decode()
    assert "It is tried again now." in page
    assert "Every number has its line" in page
    advance(order.id, "en", timezone.now())
    assert Order.objects.by_id(order.id).state == "completed"
    late = olga.post(f"{PAGE}{order.id}/", {"decision": "again"})
    assert late.status_code == 409
    assert "Nobody need decide about this number any more." in late.content.decode()


def test_it_is_given_up_with_a_reason(order: Order, olga: Client) -> None:
    silent = olga.post(f"{PAGE}{order.id}/", {"decision": "give_up"})
    assert silent.status_code == 400
    assert "Say why: it is kept for good." in silent.content.decode()
    assert Order.objects.by_id(order.id).state == "in_progress"
    sure = {"decision": "give_up", "reason": "its card is lost"}
    assert olga.post(f"{PAGE}{order.id}/", sure).status_code == 302
    page = olga.get(PAGE).content.decode()
    assert "Given up: the number goes back" in page
    assert "goes back to its operator: the clearing house is asked" in page
    assert "Try it again now" not in page
    assert Order.objects.by_id(order.id).failure_code == "number_stranded"
    advance(order.id, "en", timezone.now())
    assert "Every number has its line" in olga.get(PAGE).content.decode()


def test_where_the_clearing_house_does_not_do_it(
    order: Order, olga: Client, alice: Client, network: ScriptedNetwork
) -> None:
    """It is handed back by hand, and its buyer reads the truth before and after."""
    mine, decide = f"/orders/{order.id}/", f"{PAGE}{order.id}/"
    olga.post(decide, {"decision": "give_up", "reason": "its card is lost"})
    switchboard.connect("porting", lambda: ScriptedHouse(deaf=True))
    advance(order.id, "en", timezone.now())
    assert "on its way back to your old operator" in alice.get(mine).content.decode()
    assert olga.post(decide, {"decision": "returned"}).status_code == 400
    by_hand = {"decision": "returned", "reason": "by telephone"}
    assert olga.post(decide, by_hand).status_code == 302
    page = olga.get(PAGE).content.decode()
    assert "Noted: the number is back" in page
    assert "Every number has its line" in page
    assert "with your old operator again" in alice.get(mine).content.decode()
    assert olga.post(decide, by_hand).status_code == 409


def test_its_buyer_is_told_the_truth(order: Order, alice: Client) -> None:
    page = alice.get(f"/orders/{order.id}/").content.decode()
    assert "Your number is here, its line is not yet" in page
    assert "Cancel the order" not in page


@pytest.mark.parametrize(
    "form", [{}, {"decision": "maybe"}, {"decision": "give_up", "reason": " "}]
)
def test_wrong_input(order: Order, olga: Client, form: dict[str, str]) -> None:
    assert olga.post(f"{PAGE}{order.id}/", form).status_code == 400
    assert Order.objects.by_id(order.id).state == "in_progress"
