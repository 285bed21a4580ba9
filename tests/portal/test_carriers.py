"""The pages on which a buyer chooses a carrier, and on which a line goes to another one."""

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from keepline.catalog import queries as catalog
from keepline.catalog.models import Carrier, Plan, Policy
from keepline.flows.advance_order import advance
from keepline.gateways import switchboard
from keepline.inventory.models import Profile
from keepline.lines.models import Line
from keepline.orders.models import Order
from tests.cast import NOW, Cast
from tests.doubles import ScriptedSmdp
from tests.flows.carrying import carry, numbered, phone_installs
from tests.portal.acts import KEY
from tests.portal.test_pages import SIGNED_IN

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def smdp() -> Iterator[ScriptedSmdp]:
    found = ScriptedSmdp()
    switchboard.connect("smdp_plus", lambda: found)
    yield found
    switchboard._factories.pop("smdp_plus", None)


@pytest.fixture
def line(stage: Cast) -> str:
    carry(stage)
    return f"/lines/{stage.line.id}/"


def body(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content[:300]
    return str(answer.content.decode())


def post(client: Client, url: str, **form: str) -> tuple[int, str, str]:
    sent = {"key": KEY, "expected_fee_minor": "90", "sim": "profile", "carrier": "true-th"} | form
    answer = client.post(url, sent)
    return answer.status_code, answer.content.decode(), answer.headers.get("Location", "")


def test_from_the_line_to_the_other_carrier_and_back(alice: Client, line: str, stage: Cast) -> None:
    seen = body(alice, line)
    assert f'href="{line}carrier/"' in seen
    assert "AIS" in seen
    assert "Stands by" not in seen
    page = body(alice, f"{line}carrier/")
    for said in ("Your carrier now", "TRUE-TH", "DTAC", "US$0.90", "Time and what is left"):
        assert said in page
    assert "not on my phone any more" not in page
    status, _, location = post(alice, f"{line}carrier/")
    order = Order.objects.get(kind="carrier")
    assert (status, location) == (302, f"/orders/{order.id}/")
    assert post(alice, f"{line}carrier/")[2] == location, "a second click"
    assert "another order" in body(alice, f"{line}carrier/").lower()
    advance(order.id, "en", NOW)
    proof = body(alice, location)
    assert "Your line is on TRUE-TH" in proof
    assert f'href="{line}esim/"' in proof
    seen = body(alice, line)
    assert "Change of carrier" in seen
    assert "Stands by on the phone" in seen
    assert "TRUE-TH" in body(alice, "/")
    phone_installs(Line.objects.by_id(stage.line.id).iccid or "")
    page = body(alice, f"{line}carrier/")
    assert "On your phone already" in page
    assert "not on my phone any more" in page
    location = post(alice, f"{line}carrier/", carrier="ais", key="9f2c6f5e-0002")[2]
    advance(Order.objects.exclude(id=order.id).get(kind="carrier").id, "en", NOW)
    assert "on your phone already" in body(alice, location)


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"key": ""}, 400, "Idempotency-Key"),
        ({"expected_fee_minor": "1"}, 409, "price has changed"),
        ({"expected_fee_minor": "x"}, 409, "price has changed"),
        ({"carrier": "ais"}, 422, "the line is on it"),
        ({"carrier": "\x00; drop"}, 422, "the line is on it"),
        ({"carrier": ""}, 422, "the line is on it"),
        ({"sim": "both"}, 422, "such a SIM"),
        ({"sim": "card", "iccid": "1"}, 409, "No such SIM"),
        ({"sim": "card", "iccid": "8944000000000000000"}, 422, "such a SIM"),
    ],
)
def test_wrong_input_changes_nothing(
    alice: Client, line: str, form: dict[str, str], status: int, says: str
) -> None:
    answered, page, _ = post(alice, f"{line}carrier/", **form)
    assert (answered, says in page) == (status, True)
    assert not Profile.objects.filter(state="held").exists()


def test_a_number_that_stays_says_so(alice: Client, line: str, stage: Cast) -> None:
    numbered(stage, Carrier.objects.get(code="ais"))
    page = body(alice, f"{line}carrier/")
    assert page.count("Your number cannot go along") == 2
    assert "to none of them right now" in page
    assert "Switch the carrier" not in page
    assert "Have the number ported" in post(alice, f"{line}carrier/")[1]


def test_not_so_soon_again(alice: Client, line: str) -> None:
    assert post(alice, f"{line}carrier/")[0] == 302
    advance(Order.objects.get(kind="carrier").id, "en", NOW)
    Policy.objects.update(carrier_switch_days=7)
    catalog.forget()
    page = body(alice, f"{line}carrier/")
    assert "It can be switched again from" in page
    assert "Nothing was taken" not in page
    again = post(alice, f"{line}carrier/", carrier="ais", key="9f2c6f5e-0002")
    assert (again[0], "a short while ago" in again[1]) == (409, True)


def test_a_plan_of_one_carrier_has_no_such_page(alice: Client, stage: Cast) -> None:
    url = f"/lines/{stage.line.id}/"
    assert "Another carrier" not in body(alice, url)
    page = body(alice, f"{url}carrier/")
    assert "is not to be had" in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]


def test_a_stranger_finds_nothing(charlie: Client, line: str) -> None:
    assert charlie.get(f"{line}carrier/").status_code == 404
    assert post(charlie, f"{line}carrier/")[0] == 404
    assert not Order.objects.filter(kind="carrier").exists()


def test_queries_of_the_page(
    alice: Client, line: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    body(alice, f"{line}carrier/")
    with django_assert_num_queries(SIGNED_IN + 28):
        body(alice, f"{line}carrier/")


def test_a_buyer_chooses(alice: Client, stage: Cast) -> None:
    _, (_, second, third) = carry(stage)
    Profile.objects.filter(iccid__in=third).update(state="unavailable")
    Plan.objects.update(voice_seconds=0, sms_count=0)
    catalog.forget()
    page = body(alice, f"/buy/keep-1m/?key={KEY}")
    assert "Choose for me" in page
    shown = page.split('value="dtac"')[1].split("</label>")[0]
    assert "disabled" in shown
    assert "Sold out" in shown
    assert "AIS, TRUE-TH, DTAC" in body(alice, "/buy/?kind=country_esim")
    form = {
        "key": KEY,
        "pay": "only:",
        "expected_total_minor": "300",
        "currency": "USD",
        "sim": "profile",
        "carrier": "true-th",
    }
    wrong = alice.post("/buy/keep-1m/", form | {"carrier": "nobody"})
    assert (wrong.status_code, "is not to be had" in wrong.content.decode()) == (422, True)
    assert alice.post("/buy/keep-1m/", form).status_code == 302
    order = Order.objects.get(kind="purchase")
    line = Line.objects.by_id(order.line_id)
    assert line.carrier_id is not None
    assert line.iccid == second[0]
