"""The page on which a buyer brings a number along, and the order on its way."""

import re
from datetime import timedelta
from typing import get_args

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from keepline.flows.advance_order import advance
from keepline.flows.open_payment import open_payment
from keepline.flows.show_order import Stage
from keepline.gateways import switchboard
from keepline.gateways.porting.bridge.fake.books import ELSEWHERE
from keepline.inventory.models import Number, Pool
from keepline.orders.models import Order
from keepline.payments.models import Payment
from keepline.portal.templatetags.words import ENDS, ENDS_OF_CALLED_OFF, order_state
from keepline.porting.models import PortIn
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider
from tests.inventory import shelves
from tests.portal.acts import KEY
from tests.portal.test_buy import text
from tests.porting import ScriptedHouse, house
from tests.sessions import signed_in

__all__ = ["house"]
pytestmark = pytest.mark.django_db
E164, CODE = 447700900871, "ABC-123 456"
DAY = timedelta(days=1)
BRINGING = f"/buy/keep-1m/?key={KEY}&bring=yes"


@pytest.fixture
def shop(stage: Cast, house: ScriptedHouse) -> Cast:
    """A card for its line, and a number with another operator. No number is in stock."""
    shelves.cards(shelves.pool("cards", "card"), 1)
    house.owns(E164, ELSEWHERE, CODE, "Alice Liddell")
    house.shows, house.notice_s = NOW, DAY.total_seconds()
    return stage


def posted(client: Client, **changes: str) -> tuple[int, str, str]:
    form = {
        "key": KEY,
        "bring": "yes",
        "brought": "+44 7700 900 871",
        "code": CODE,
        "holder": "Alice Liddell",
        "pay": "only:",
        "expected_total_minor": "300",
        "currency": "USD",
        "sim": "card",
    } | changes
    answer = client.post("/buy/keep-1m/", form)
    return answer.status_code, answer.content.decode(), answer.headers.get("Location", "")


def steps(page: str) -> list[tuple[str, str]]:
    return re.findall(r'class="step-(\w+)">.*?<strong>(.*?)</strong>', page)


def plain(client: Client, url: str) -> str:
    return strip_tags(text(client, url))


def test_from_the_choice_of_numbers_to_the_date(
    shop: Cast, alice: Client, house: ScriptedHouse
) -> None:
    shelves.numbers(shelves.pool("uk"), 2)
    choice = text(alice, f"/buy/keep-1m/?key={KEY}")
    assert "Bring your number along" in choice
    assert "bring=yes" in choice
    page = text(alice, BRINGING)
    for said in (
        "The number that you bring",
        "Code of your old operator",
        "When your number comes",
        "1 month after that",
        "does not answer in five days",
    ):
        assert said in page
    status, _, location = posted(alice)
    order = Order.objects.get(kind="purchase")
    assert (status, location) == (302, f"/orders/{order.id}/")
    assert "Your old operator is being asked" in text(alice, location)
    assert "has not said when" in text(alice, f"/lines/{order.line_id}/")
    advance(order.id, "en", NOW)
    dated = text(alice, location)
    assert "Your number comes on 11 March 2026" in plain(alice, location)
    assert steps(dated) == [
        ("done", "Ordered"),
        ("done", "Paid"),
        ("done", "Your old operator says when"),
        ("now", "Its day comes"),
        ("next", "Sent to the network"),
        ("next", "Network confirmed"),
        ("next", "The line is yours"),
    ]
    assert "Begins on 11 March" in plain(alice, f"/lines/{order.line_id}/")
    assert "Begins on 11 March" in plain(alice, "/")
    house.shows = NOW + DAY
    advance(order.id, "en", NOW + DAY)
    assert "Your line is ready" in text(alice, location)
    assert "+44 7700 900871" in text(alice, f"/lines/{order.line_id}/")
    assert posted(alice)[2] == location, "a second click is the same order"
    assert PortIn.objects.count() == 1


def test_it_is_cancelled_before_its_date(shop: Cast, alice: Client, house: ScriptedHouse) -> None:
    location = posted(alice)[2]
    order = Order.objects.get(kind="purchase")
    advance(order.id, "en", NOW)
    button = f'href="{location}cancel/"'
    assert button in text(alice, location)
    asked = plain(alice, f"{location}cancel/")
    assert "+44 7700 900871 stays with your old operator" in asked
    assert "US$3.00 in your wallet is free again" in asked
    assert Order.objects.by_id(order.id).state == "in_progress", "asked before it is done"
    assert alice.post(f"{location}cancel/").status_code == 302
    page = text(alice, location)
    assert "Your order is cancelled." in page
    assert "<h1>Cancelled</h1>" in page
    assert "Your number stays with your old operator." in page
    assert button not in page
    assert alice.get(f"{location}cancel/").status_code == 302, "there is nothing to cancel"
    assert alice.post(f"{location}cancel/").status_code == 302, "it is done"


def test_one_that_a_provider_was_paid_for_is_cancelled_too(
    shop: Cast, alice: Client, house: ScriptedHouse, provider: FakeProvider
) -> None:
    """At no stage of the way back is it said that it could not be carried out."""
    posted(alice, pay="none:sandbox")
    order = Order.objects.get(kind="purchase")
    location = f"/orders/{order.id}/"
    open_payment(order.id, "en", NOW)
    provider.pay(Payment.objects.get().id)
    for _ in range(2):
        advance(order.id, "en", NOW)
    alice.post(f"{location}cancel/")
    assert "<h1>Cancelled, your money is on its way back</h1>" in text(alice, location)
    advance(order.id, "en", NOW + DAY / 24)
    refunded = text(alice, location)
    assert "<h1>Cancelled, refunded</h1>" in refunded
    assert ("done", "Cancelled") in steps(refunded)
    assert "Not carried out" not in refunded
    assert "Ended without service" not in refunded
    assert set(ENDS_OF_CALLED_OFF) == set(ENDS) <= set(get_args(Stage))
    assert order_state(Order.objects.by_id(order.id)) == "Cancelled"


def test_queries_of_the_pages(shop: Cast, alice: Client, house: ScriptedHouse) -> None:
    """As many however long the order waits, and however many others there are."""

    def asked(url: str) -> int:
        alice.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert alice.get(url).status_code == 200
        return len(queries)

    assert asked(BRINGING) <= 20
    location = posted(alice)[2]
    order = Order.objects.get(kind="purchase")
    undated = asked(location), asked(f"{location}cancel/")
    advance(order.id, "en", NOW)
    assert (asked(location), asked(f"{location}cancel/")) == undated
    assert max(undated) <= 20
    for place in range(2):
        house.owns(E164 + 1 + place, ELSEWHERE, CODE, "Alice Liddell")
        more = {"key": f"{KEY}-{place}", "brought": f"+{E164 + 1 + place}"}
        shelves.cards(Pool.objects.get(code="cards"), 1, first=100 + place)
        assert posted(alice, **more)[0] == 302
    assert (asked(location), asked(f"{location}cancel/")) == undated


def test_it_is_being_cancelled(shop: Cast, alice: Client, house: ScriptedHouse) -> None:
    location = posted(alice)[2]
    house.deaf = True
    alice.post(f"{location}cancel/")
    page = text(alice, location)
    assert "Being cancelled" in page
    assert f'href="{location}cancel/"' not in page


def test_it_came_before_it_could_be_cancelled(
    shop: Cast, alice: Client, house: ScriptedHouse
) -> None:
    location = posted(alice)[2]
    order = Order.objects.get(kind="purchase")
    advance(order.id, "en", NOW)
    house.shows = NOW + DAY
    house.books.cut_over(str(PortIn.objects.get().id), house.operator)
    alice.post(f"{location}cancel/")
    page = text(alice, location)
    assert "Too late: your number has left your old operator." in page
    assert "It is being cancelled" not in page


def test_it_cannot_be_cancelled_any_more(shop: Cast, alice: Client, house: ScriptedHouse) -> None:
    location = posted(alice)[2]
    order = Order.objects.get(kind="purchase")
    for now in (NOW, NOW + DAY):
        house.shows = now
        advance(order.id, "en", now)
    late = alice.post(f"{location}cancel/")
    assert late.status_code == 409
    assert "This order cannot be cancelled." in late.content.decode()


def test_who_may_cancel(shop: Cast, alice: Client, house: ScriptedHouse) -> None:
    location = posted(alice)[2]
    bob = signed_in("bob@example.com")
    assert f'href="{location}cancel/"' not in text(bob, location)
    assert bob.post(f"{location}cancel/").status_code == 403
    assert signed_in("charlie@example.com").post(f"{location}cancel/").status_code == 404
    assert PortIn.objects.get().cancel_asked_at is None


def test_sold_out_is_no_hindrance(shop: Cast, alice: Client) -> None:
    choice = text(alice, f"/buy/keep-1m/?key={KEY}")
    assert "Sold out" in choice
    assert "Bring your number along" in choice
    assert "The number that you bring" in text(alice, BRINGING)


@pytest.mark.parametrize(
    "changes",
    [
        {"brought": ""},
        {"brought": "my number"},
        {"code": ""},
        {"code": "<script>"},
        {"code": "1" * 41},
        {"holder": "x" * 121},
        {"holder": "Alice\x07"},
    ],
)
def test_what_cannot_be_brought(shop: Cast, alice: Client, changes: dict[str, str]) -> None:
    status, page, _ = posted(alice, **changes)
    assert status == 422
    assert "This number cannot be brought along." in page
    assert "field-error" in page
    assert CODE not in page, "a code is typed anew"
    assert not Order.objects.filter(kind="purchase").exists()
    assert not Number.objects.exists()


def test_refused_by_the_other_operator(shop: Cast, alice: Client) -> None:
    _, _, location = posted(alice, code="WRONG1")
    order = Order.objects.get(kind="purchase")
    for _ in range(3):
        advance(order.id, "en", NOW)
    page = text(alice, location)
    assert "Your old operator did not accept the code." in page
    assert not Number.objects.exists()


def test_without_a_clearing_house_nobody_is_asked(shop: Cast, alice: Client) -> None:
    switchboard._factories.pop("porting")
    shelves.numbers(shelves.pool("uk"), 1)
    assert "Bring your number" not in text(alice, f"/buy/keep-1m/?key={KEY}")
    assert "Choose your number" in text(alice, BRINGING)
    status, page, _ = posted(alice)
    assert status == 422
    assert "cannot be taken along here" in page


def test_a_member_who_may_only_look(shop: Cast) -> None:
    assert posted(signed_in("bob@example.com"))[0] == 403
    assert not Order.objects.filter(kind="purchase").exists()
