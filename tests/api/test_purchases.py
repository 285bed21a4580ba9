"""Buying a line by the API: numbers to choose, the order before, the line after; refusals."""

from typing import Any
from uuid import UUID

import pytest

from keepline.flows.advance_order import advance
from keepline.gateways import switchboard
from keepline.inventory.models import Number, Profile
from keepline.orders.models import Order
from tests import cast as people
from tests.api.callers import Caller
from tests.cast import NOW, Cast
from tests.inventory import shelves

pytestmark = pytest.mark.django_db
KEY = "0b7d2f0c-5c8e-4f7e"
PLAN = {"plan_code": "keep-1m"}
FIRST = f"+{shelves.FIRST}"


@pytest.fixture(autouse=True)
def stock(stage: Cast) -> None:
    """Three numbers, a profile with its code and a card for the plan of the cast."""
    shelves.numbers(shelves.pool("uk", country="GB"), 3)
    code = {"smdp_address": "smdp.example.com", "matching_id": "A-B"}
    shelves.profiles(shelves.pool("esim", "profile"), 1, **code)
    shelves.cards(shelves.pool("cards", "card"), 1)


def test_numbers_to_choose_from(alice: Caller) -> None:
    body = alice.get("/v1/plans/keep-1m/numbers").json()
    assert body["plan_code"] == "keep-1m"
    assert sorted(each["msisdn"] for each in body["items"]) == [
        f"+{shelves.FIRST + place}" for place in range(3)
    ]
    assert {(each["country"], each["unused_since"]) for each in body["items"]} == {("GB", None)}
    assert alice.get("/v1/plans/keep-1m/numbers?country=FR").json()["items"] == []
    assert alice.get("/v1/plans/none-such/numbers").json()["code"] == "plan_not_sold"
    assert alice.get("/v1/plans/keep-1m/numbers?country=gb").status_code == 422
    people.plan("data", line_kind="country_esim", data_bytes=5)
    assert alice.get("/v1/plans/data/numbers").json()["code"] == "number_not_needed"


def test_a_preview_says_that_the_wallet_alone_will_not_do(alice: Caller, stage: Cast) -> None:
    people.plan("dear", price_minor=1_000_000)
    answer = alice.post("/v1/lines/preview", {"plan_code": "dear", "use_wallet": "only"})
    assert (answer.status_code, answer.json()["code"]) == (402, "wallet_short")


def test_the_preview_equals_the_order_and_the_line_is_there(alice: Caller, stage: Cast) -> None:
    seen = alice.post("/v1/lines/preview", PLAN).json()
    assert (seen["needs_number"], seen["sims"]) == (True, ["esim", "card"])
    assert not Number.objects.exclude(state="available").exists()
    wanted = PLAN | {
        "msisdn": FIRST,
        "sim": "esim",
        "label": "Second",
        "expected_total": seen["price"]["total"],
    }
    answer = alice.post("/v1/lines", wanted, KEY)
    assert answer.status_code == 202, answer.content
    order = answer.json()
    assert answer["Location"] == f"/v1/orders/{order['id']}"
    assert answer["Retry-After"]
    assert order["kind"] == "purchase"
    for name in ("price", "valid_until_after", "plan_code"):
        assert order[name] == seen[name], name
    again = alice.post("/v1/lines", wanted, KEY)
    assert (again["Idempotent-Replayed"], again.json()["id"]) == ("true", order["id"])
    advance(UUID(order["id"]), "en", NOW)
    detail = alice.get(answer["Location"]).json()
    assert [(s["kind"], s["state"]) for s in detail["steps"]] == [
        (kind, "done") for kind in ("ordered", "paid", "sent", "confirmed", "ready")
    ]
    line = alice.get(f"/v1/lines/{order['line_id']}").json()
    assert (line["msisdn"], line["label"], line["state"]) == (FIRST, "Second", "active")
    row = Order.objects.by_id(UUID(order["id"]))
    assert (row.channel, row.actor) == ("api", f"user:{stage.alice.pk}")


def test_a_bare_number_without_a_network_is_over_at_once(alice: Caller) -> None:
    people.plan("vn", line_kind="virtual_number")
    before = switchboard._factories.pop("network")
    try:
        answer = alice.post("/v1/lines", {"plan_code": "vn"}, KEY)
        assert answer.status_code == 201
        refused = alice.post("/v1/lines", PLAN, "key-other-1")
        assert refused.json()["code"] == "no_network"
    finally:
        switchboard.connect("network", before)
    line = alice.get(f"/v1/lines/{answer.json()['line_id']}").json()
    assert (line["msisdn"], line["iccid"]) == (FIRST, None)


def test_paid_at_the_provider(alice: Caller) -> None:
    answer = alice.post("/v1/lines", PLAN | {"use_wallet": "none", "provider": "sandbox"}, KEY)
    assert answer.status_code == 202
    assert answer.json()["checkout_url"]
    assert Number.objects.filter(state="held").count() == 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"plan_code": "none-such"}, 422, "plan_not_sold"),
        ({"currency": "CHF"}, 422, "plan_not_sold"),
        ({"msisdn": "+447700999999"}, 409, "number_taken"),
        ({"iccid": "8944000000000000000"}, 409, "sim_not_free"),
        ({"eid": "1" * 32}, 422, "eid_refused"),
        ({"eid": "89000000000000000000000000000099", "sim": "card"}, 422, "eid_refused"),
        ({"label": "\u202eabc"}, 422, "label_refused"),
        ({"expected_total": {"amount_minor": 299, "currency": "USD"}}, 409, "price_changed"),
        ({"provider": "nobody"}, 422, "provider_unknown"),
        ({"msisdn": "447700900000"}, 422, "validation_failed"),
        ({"msisdn": 447700900000}, 422, "validation_failed"),
        ({"sim": "profile"}, 422, "validation_failed"),
        ({"number": FIRST}, 422, "validation_failed"),
        ({"currency": "EUR", "expected_total": {"amount_minor": 300, "currency": "USD"}}, 422, ""),
    ],
)
def test_refusals_change_nothing(
    alice: Caller, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = alice.post("/v1/lines", PLAN | changes, KEY)
    assert (answer.status_code, answer.json()["code"]) == (status, code or "validation_failed")
    assert not Order.objects.filter(kind="purchase").exists()
    assert not Number.objects.exclude(state="available").exists()
    assert not Profile.objects.exclude(state="available").exists()


def test_without_a_key_nothing_is_bought(alice: Caller) -> None:
    assert alice.post("/v1/lines", PLAN, "").json()["code"] == "key_missing"
    alice.post("/v1/lines", PLAN, KEY)
    other = alice.post("/v1/lines", PLAN | {"label": "Else"}, KEY)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_sold_out(alice: Caller) -> None:
    Number.objects.update(state="retired")
    assert alice.post("/v1/lines", PLAN, KEY).json()["code"] == "none_free"
    assert alice.get("/v1/plans/keep-1m/numbers").json()["items"] == []
