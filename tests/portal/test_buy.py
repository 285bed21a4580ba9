"""Buying in the portal: from the families to a line that works, and each honest no on the way."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from keepline.flows.advance_order import advance
from keepline.flows.recognise_revenue import number_receipts
from keepline.gateways import switchboard
from keepline.inventory.models import Card, Number, Profile
from keepline.orders.models import Order
from keepline.portal.templatetags.formats import unused
from tests import cast
from tests.cast import NOW, Cast
from tests.inventory import shelves
from tests.portal.acts import KEY

pytestmark = pytest.mark.django_db
EID = "89000000000000000000000000000099"
FIRST = shelves.FIRST


@pytest.fixture
def shop(stage: Cast) -> Cast:
    """Three numbers, two profiles with their codes and a card for the plan of the cast."""
    shelves.numbers(shelves.pool("uk"), 3)
    codes = {"smdp_address": "smdp.example.com"}
    for place, name in enumerate(shelves.profiles(shelves.pool("esim", "profile"), 2, **codes)):
        Profile.objects.filter(iccid=name).update(matching_id=f"A-{place}")
    shelves.cards(shelves.pool("cards", "card"), 1)
    return stage


def text(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.content
    return str(answer.content.decode())


def chosen(client: Client, e164: str = str(FIRST), **form: str) -> str:
    """The address of the order with a number."""
    sent = {"key": KEY, "chosen": e164} | form
    answer = client.post("/buy/keep-1m/number/", sent)
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def bought(client: Client, **changes: str) -> tuple[int, str, str]:
    form = {
        "key": KEY,
        "number": str(FIRST),
        "pay": "only:",
        "expected_total_minor": "300",
        "currency": "USD",
        "sim": "profile",
    } | changes
    answer = client.post("/buy/keep-1m/", form)
    return answer.status_code, answer.content.decode(), answer.headers.get("Location", "")


def test_from_the_list_of_lines_to_the_new_one(shop: Cast, alice: Client) -> None:
    assert 'href="/buy/"' in text(alice, "/")
    families = text(alice, "/buy/")
    assert "Keep-alive line" in families
    assert "from US$3.00" in families
    assert 'href="/buy/keep-1m/"' in text(alice, "/buy/?kind=keep_alive")
    first = alice.get("/buy/keep-1m/")
    assert first.status_code == 302
    key = parse_qs(urlsplit(first["Location"]).query)["key"][0]
    page = text(alice, first["Location"])
    assert page.count('class="number"') == 3
    address = chosen(alice, key=key)
    order = text(alice, address)
    assert "+44 7700 900000" in order
    assert re.search(r"Kept for you until .*12:15", order)
    assert "*#06#" in order
    assert "Number lost" in order
    status, _, location = bought(alice, key=key, label="Second")
    made = Order.objects.get(kind="purchase")
    assert (status, location) == (302, f"/orders/{made.id}/")
    under_way = text(alice, location)
    assert "Your line is being set up" in under_way
    for step in (
        "Ordered",
        "Paid",
        "Sent to the network",
        "Network confirmed",
        "The line is yours",
    ):
        assert f"<strong>{step}</strong>" in under_way
    assert "eSIM ordered" not in under_way  # it came with its code
    advance(made.id, "en", NOW)
    number_receipts("house", NOW)
    done = text(alice, location)
    assert "Your line is ready" in done
    assert f'href="/lines/{made.line_id}/"' in done
    line = text(alice, f"/lines/{made.line_id}/")
    for said in ("+44 7700 900000", "Second", "New line", "number and SIM are its own"):
        assert said in line
    receipt = text(alice, f"/orders/{made.id}/receipt/")
    assert "New line: keep-1m" in receipt
    assert "Valid until, before" not in receipt
    assert alice.get(f"/orders/{made.id}/receipt.pdf").status_code == 200
    assert ">New line</a>" in text(alice, "/wallet/")
    assert bought(alice, key=key, label="Second")[2] == location, "a second click is the same order"


def test_an_esim_that_has_to_be_ordered_has_a_step_of_its_own(shop: Cast, alice: Client) -> None:
    Profile.objects.update(matching_id="")
    switchboard.connect("smdp_plus", object)  # nothing is asked of it here
    try:
        chosen(alice)
        location = bought(alice, eid=f"{EID[:16]} {EID[16:]}")[2]
        order = Order.objects.get(kind="purchase")
        assert (order.stock or {})["eid"] == EID
        steps = re.findall(r'class="step-(\w+)">.*?<strong>(.*?)</strong>', text(alice, location))
    finally:
        switchboard._factories.pop("smdp_plus")
    assert steps == [
        ("done", "Ordered"),
        ("done", "Paid"),
        ("now", "eSIM ordered"),
        ("next", "Sent to the network"),
        ("next", "Network confirmed"),
        ("next", "The line is yours"),
    ]


def test_a_card_instead(shop: Cast, alice: Client) -> None:
    chosen(alice)
    assert (
        bought(alice, sim="card", eid="no matter what stands in a field that is hidden")[0] == 302
    )
    assert (Order.objects.get(kind="purchase").stock or {})["card"] == Card.objects.get().iccid


def test_at_the_checkout(shop: Cast, alice: Client) -> None:
    chosen(alice)
    _, _, location = bought(alice, pay="none:sandbox")
    order = Order.objects.get(kind="purchase")
    assert location == f"/orders/{order.id}/checkout/"
    page = text(alice, f"/orders/{order.id}/")
    assert 'href="/buy/"' in page
    assert "New line" in page


def test_another_number_lets_the_first_one_go(shop: Cast, alice: Client) -> None:
    order = text(alice, chosen(alice))
    [another] = re.findall(r'href="([^"]+)">Another number', order)
    page = text(alice, another.replace("&amp;", "&"))
    assert f'name="instead" value="{FIRST}"' in page
    chosen(alice, str(FIRST + 1), instead=str(FIRST))
    assert Number.objects.get(e164=FIRST).state == "available"
    assert Number.objects.get(e164=FIRST + 1).state == "held"


def test_any_number(shop: Cast, alice: Client) -> None:
    assert f"number={FIRST}" in chosen(alice, "")


def test_somebody_was_faster(shop: Cast, alice: Client, charlie: Client) -> None:
    chosen(charlie)
    answer = alice.post("/buy/keep-1m/number/", {"key": KEY, "chosen": str(FIRST)})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Somebody else has just chosen this number" in page
    assert page.count('class="number"') == 2
    status, page, _ = bought(alice)
    assert (status, "Choose your number" in page) == (409, True)
    assert not Order.objects.filter(kind="purchase").exists()


def test_a_number_that_was_kept_too_long(shop: Cast, alice: Client) -> None:
    address = chosen(alice)
    Number.objects.update(until_at=NOW - timedelta(seconds=1))
    assert "is no longer kept for you" in text(alice, address)


def test_sold_out_says_so(shop: Cast, alice: Client) -> None:
    Number.objects.update(state="retired")
    assert "Sold out" in text(alice, "/buy/")
    listed = text(alice, "/buy/?kind=keep_alive")
    assert "Sold out" in listed
    assert 'href="/buy/keep-1m/"' not in listed
    assert "Look again" in text(alice, f"/buy/keep-1m/?key={KEY}")
    answer = alice.post("/buy/keep-1m/number/", {"key": KEY, "chosen": ""})
    assert (answer.status_code, "Sold out" in answer.content.decode()) == (409, True)


def test_no_network_says_so(shop: Cast, alice: Client) -> None:
    switchboard._factories.pop("network")
    assert "Not on sale" in text(alice, "/buy/")
    assert "No network is connected" in text(alice, "/buy/?kind=keep_alive")
    assert "none is connected here" in text(alice, f"/buy/keep-1m/?key={KEY}", 422)
    assert bought(alice)[0] == 422


def test_nothing_in_the_currency(shop: Cast, alice: Client) -> None:
    shop.account.currency = "CHF"
    shop.account.save(update_fields=["currency"])
    assert "No plan has a price in Swiss Franc" in text(alice, "/buy/")
    text(alice, f"/buy/keep-1m/?key={KEY}", 404)
    assert alice.post("/buy/keep-1m/number/", {"key": KEY, "chosen": ""}).status_code == 404
    assert bought(alice)[0] == 404


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"eid": "1234"}, 422, "This EID cannot be used"),
        ({"label": "x" * 61}, 422, "A line cannot bear this name"),
        ({"pay": "nonsense"}, 422, "This way to pay is not offered"),
        ({"expected_total_minor": "299"}, 409, "The price has changed"),
        ({"expected_total_minor": "much"}, 409, "The price has changed"),
        ({"currency": "EUR"}, 409, "The price has changed"),
        ({"number": "447700999999"}, 409, "Somebody else has just chosen this number"),
        ({"pay": f"none:sandbox:{'-' * 36}"}, 409, "cannot be charged any more"),
    ],
)
def test_bad_input_buys_nothing(
    shop: Cast, alice: Client, changes: dict[str, str], status: int, said: str
) -> None:
    chosen(alice)
    answer, page, _ = bought(alice, **changes)
    assert answer == status
    assert said in page
    assert not Order.objects.filter(kind="purchase").exists()
    for name in ("eid", "label"):
        if name in changes and "cannot" in said:
            assert f'value="{changes[name]}"' in page, "what was typed is still there"


def test_odd_addresses_are_forgiven(shop: Cast, alice: Client) -> None:
    for query in ("?kind=no-such", "?country=../etc", "?country=ZZ", "?kind=keep_alive&country=gb"):
        text(alice, f"/buy/{query}")
    text(alice, f"/buy/keep-1m/?key={KEY}&number=abc&country=nowhere&page=x&instead=-1")
    text(alice, f"/buy/keep-1m/?key={KEY}&page=999")
    assert alice.post("/buy/keep-1m/number/", {"key": "!", "chosen": ""}).status_code == 302
    assert alice.post("/buy/keep-1m/number/", {"key": KEY, "chosen": "abc"}).status_code == 302
    assert not Number.objects.filter(state="held").exists()
    assert bought(alice, key="short")[0] == 302
    text(alice, "/buy/none-such/?key=" + KEY, 404)


def test_who_has_no_line_yet_is_shown_the_way(shop: Cast, charlie: Client) -> None:
    page = text(charlie, "/")
    assert "No line yet" in page
    assert 'href="/buy/"' in page


def test_countries_to_choose_from(shop: Cast, alice: Client) -> None:
    shelves.numbers(shelves.pool("us", country="US"), 2, 12025550100)
    shelves.numbers(shelves.pool("fr", country="FR"), 1, 33612345678)
    page = text(alice, f"/buy/keep-1m/?key={KEY}")
    assert "France" in page
    only = text(alice, f"/buy/keep-1m/?key={KEY}&country=FR")
    assert only.count('class="number"') == 1
    assert "number=33612345678" in chosen(alice, "", country="FR")


def test_how_long_nobody_has_had_a_number(shop: Cast, alice: Client) -> None:
    page = text(alice, f"/buy/keep-1m/?key={KEY}")
    assert page.count("Nobody has had it here") == 3
    assert "Numbers are used again" not in page
    since = NOW - timedelta(days=100)
    shelves.numbers(shelves.pool("fr", country="FR"), 1, 33612345678, rested_since=since)
    page = text(alice, f"/buy/keep-1m/?key={KEY}&country=FR")
    assert "Unused for 3 months" in page
    assert "Numbers are used again" in page


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "1 day"), (59, "59 days"), (60, "2 months"), (719, "23 months"), (730, "2 years")],
)
def test_so_long_it_was_unused(days: int, said: str) -> None:
    assert unused(NOW - timedelta(days=days), NOW) == f"Unused for {said}"


def test_plans_by_country(stage: Cast, alice: Client) -> None:
    from keepline.catalog.models import Region

    thai = Region.objects.create(code="th", name={"en": "Thailand"}, countries=["TH"])
    cast.plan("ce-1", line_kind="country_esim", region=thai, data_bytes=10**9)
    page = text(alice, "/buy/?country=TH")
    assert "Lines for Thailand" in page
    assert "ce-1" in page
    assert "Sold out" in page  # no profile is there
    assert "No plan is valid there" in text(alice, "/buy/?country=FR")
