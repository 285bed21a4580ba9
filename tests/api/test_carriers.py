"""Carriers by the API: those behind a plan, those for a line, the switch; refusals."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from keepline.catalog.models import Plan
from keepline.flows.advance_order import advance
from keepline.gateways import switchboard
from keepline.inventory.models import Profile
from keepline.orders.models import Order
from tests.api.callers import Caller
from tests.cast import NOW, Cast
from tests.doubles import ScriptedSmdp
from tests.flows.carrying import carry

pytestmark = pytest.mark.django_db
KEY = "0b7d2f0c-5c8e-4f7e"


@pytest.fixture(autouse=True)
def smdp() -> Iterator[ScriptedSmdp]:
    found = ScriptedSmdp()
    switchboard.connect("smdp_plus", lambda: found)
    yield found
    switchboard._factories.pop("smdp_plus", None)


@pytest.fixture
def line(stage: Cast) -> str:
    carry(stage)
    return f"/v1/lines/{stage.line.id}"


def test_seen_switched_and_seen_again(alice: Caller, line: str, stage: Cast) -> None:
    plans = alice.get("/v1/plans").json()["items"]
    assert [each["code"] for each in plans[0]["carriers"]] == ["ais", "true-th", "dtac"]
    assert plans[0]["carrier"] is None
    seen = alice.get(f"{line}/carriers").json()
    assert (seen["refusal"], seen["fee"]) == (None, {"amount_minor": 90, "currency": "USD"})
    assert [(each["carrier"]["code"], each["open"]) for each in seen["items"]] == [
        ("ais", False),
        ("true-th", True),
        ("dtac", True),
    ]
    wanted = {"carrier": "true-th", "expected_fee": seen["fee"]}
    answer = alice.post(f"{line}/carrier", wanted, KEY)
    assert answer.status_code == 202, answer.content
    order = answer.json()
    assert (order["kind"], answer["Location"]) == ("carrier", f"/v1/orders/{order['id']}")
    assert alice.post(f"{line}/carrier", wanted, KEY).json()["id"] == order["id"]
    assert alice.get(f"{line}/carriers").json()["refusal"] == "order_under_way"
    advance(UUID(order["id"]), "en", NOW)
    assert alice.get(line).json()["carrier"] == "TRUE-TH"
    row = Order.objects.by_id(UUID(order["id"]))
    assert (row.channel, row.actor) == ("api", f"user:{stage.alice.pk}")
    steps = alice.get(answer["Location"]).json()["steps"]
    assert [each["kind"] for each in steps] == [
        "ordered",
        "paid",
        "esim_ordered",
        "sent",
        "confirmed",
    ]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"carrier": "ais"}, 422, "carrier_not_offered"),
        ({"carrier": "nobody"}, 422, "carrier_not_offered"),
        ({"carrier": ""}, 422, "validation_failed"),
        ({"carrier": None}, 422, "validation_failed"),
        ({"sim": "card"}, 422, "sim_not_for_plan"),
        ({"sim": "profile"}, 422, "validation_failed"),
        ({"iccid": "8944000000000000000"}, 409, "sim_not_free"),
        ({"eid": "1" * 32}, 422, "eid_refused"),
        ({"anew": "yes"}, 422, "validation_failed"),
        ({"expected_fee": {"amount_minor": 89, "currency": "USD"}}, 409, "price_changed"),
        ({"expected_fee": {"amount_minor": 90, "currency": "EUR"}}, 409, "price_changed"),
        ({"to": "true-th"}, 422, "validation_failed"),
    ],
)
def test_refusals_change_nothing(
    alice: Caller, line: str, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = alice.post(f"{line}/carrier", {"carrier": "true-th"} | changes, KEY)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Profile.objects.filter(state="held").exists()


def test_a_buyer_names_one(alice: Caller, stage: Cast) -> None:
    _, (_, _, third) = carry(stage)
    Plan.objects.update(voice_seconds=0, sms_count=0)
    answer = alice.post("/v1/lines", {"plan_code": "keep-1m", "carrier": "dtac"}, KEY)
    assert answer.status_code == 202, answer.content
    assert Profile.objects.get(iccid=third[0]).state == "held"
    refused = alice.post("/v1/lines", {"plan_code": "keep-1m", "carrier": "nobody"}, "key-other-1")
    assert refused.json()["code"] == "carrier_not_offered"


def test_a_stranger_finds_nothing(charlie: Caller, line: str) -> None:
    assert charlie.get(f"{line}/carriers").status_code == 404
    assert charlie.post(f"{line}/carrier", {"carrier": "true-th"}, KEY).status_code == 404
