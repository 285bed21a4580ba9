"""Numbers that come and go, by the API: the way out, its code, keeping it; one brought along."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine

from keepline.accounts.models import Membership, Role
from keepline.flows.advance_order import advance
from keepline.flows.follow_ports import follow
from keepline.gateways import switchboard
from keepline.gateways.porting.bridge.fake.books import ELSEWHERE
from keepline.inventory.models import Number
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.porting.models import PortIn, PortOut
from tests.api.callers import Caller
from tests.cast import NOW, Cast
from tests.flows.changing import OLD, equip
from tests.flows.leaving import ASKED, READY
from tests.inventory import shelves
from tests.porting import ScriptedHouse, house

__all__ = ["house"]
pytestmark = pytest.mark.django_db
E164, CODE, NAME = 447700900871, "ABC123456", "Alice Liddell"
KEY, DAY = "0b7d2f0c-5c8e-4f7e", timedelta(days=1)
BRING = {
    "plan_code": "keep-1m",
    "sim": "card",
    "bring": {"msisdn": f"+{E164}", "code": CODE, "holder": NAME},
}


@pytest.fixture
def page(stage: Cast, house: ScriptedHouse) -> str:
    equip(stage, fee_minor=250)
    house.owns(OLD)
    return f"/v1/lines/{stage.line.id}/port-out"


@pytest.fixture
def shop(stage: Cast, house: ScriptedHouse) -> None:
    shelves.cards(shelves.pool("cards", "card"), 1)
    house.owns(E164, ELSEWHERE, CODE, NAME)
    house.shows, house.notice_s = NOW, DAY.total_seconds()


def test_asked_for_shown_and_gone(alice: Caller, page: str, house: ScriptedHouse) -> None:
    early = alice.get(page).json()
    assert (early["state"], early["refusal"]) == ("none", "port_too_soon")
    assert early["again_at"]
    assert alice.put(page, None).json()["code"] == "port_too_soon"
    with time_machine.travel(ASKED, tick=False):
        assert alice.get(page).json()["refusal"] is None
        asked = alice.put(page, None)
        assert (asked.status_code, asked.json()["state"]) == (200, "waits")
        assert asked.json()["notice_hours"] == 24
        assert alice.put(page, None).json() == asked.json(), "safe to repeat"
        assert PortOut.objects.count() == 1
        wait = alice.get(f"{page}/code")
        assert (wait.status_code, wait.json()["code"]) == (409, "port_code_not_ready")
    with time_machine.travel(READY, tick=False):
        assert alice.get(page).json()["state"] == "ready"
        shown = alice.get(f"{page}/code").json()
        port_id = house.wanted(OLD, shown["code"])
        follow(READY)
        leaving = alice.get(page).json()
        assert (leaving["state"], leaving["recipient"]) == ("leaving", "elsewhere")
        assert alice.put(page, None).json() == leaving
        assert alice.get(f"{page}/code").json()["code"] == "change_refused"
        assert alice.delete(page).json() == leaving | {"stay_asked": True}
        assert alice.delete(page).status_code == 200
    house.shows = READY + DAY
    house.cuts_over(port_id)
    follow(READY + DAY)
    assert alice.get(page).json()["state"] == "gone"


def test_kept(alice: Caller, page: str) -> None:
    assert alice.delete(page).json()["state"] == "none", "nothing is on its way"
    with time_machine.travel(ASKED, tick=False):
        alice.put(page, None)
        assert alice.delete(page).json()["state"] == "none"
        assert alice.delete(page).json()["state"] == "none"
    kinds = Outbox.objects.filter(kind__startswith="port.").values_list("kind", flat=True)
    assert sorted(kinds) == ["port.asked", "port.revoked"]


@pytest.mark.parametrize("role", [Role.SEE, Role.RECEIVE])
def test_who_may_only_look_asks_for_nothing(
    bob: Caller, stage: Cast, page: str, role: Role
) -> None:
    Membership.objects.filter(user=stage.bob).update(role=role)
    assert bob.get(page).status_code == 200
    for refused in (bob.put(page, None), bob.delete(page), bob.get(f"{page}/code")):
        assert (refused.status_code, refused.json()["code"]) == (403, "role_refused")
    assert not PortOut.objects.exists()


def test_a_stranger_finds_nothing(charlie: Caller, page: str) -> None:
    for answer in (
        charlie.get(page),
        charlie.put(page, None),
        charlie.delete(page),
        charlie.get(f"{page}/code"),
    ):
        assert answer.status_code == 404


def test_without_a_clearing_house(alice: Caller, page: str) -> None:
    switchboard._factories.pop("porting")
    assert alice.get(page).json()["refusal"] == "no_porting"
    assert alice.put(page, None).json()["code"] == "no_porting"


def test_a_number_is_brought(alice: Caller, shop: None, house: ScriptedHouse) -> None:
    answer = alice.post("/v1/lines", BRING, KEY)
    assert answer.status_code == 202, answer.content
    order, at = answer.json(), answer["Location"]
    assert CODE not in answer.content.decode()
    assert alice.post("/v1/lines", BRING, KEY).json()["id"] == order["id"]
    assert PortIn.objects.count() == 1
    assert alice.get(at).json()["number_comes_at"] is None
    line = f"/v1/lines/{order['line_id']}"
    assert alice.get(line).json()["next_action"] == {"kind": "expected", "at": None}
    advance(UUID(order["id"]), "en", NOW)
    assert alice.get(at).json()["number_comes_at"] == "2026-03-11T12:00:00Z"
    assert alice.get(line).json()["next_action"]["at"] == "2026-03-11T12:00:00Z"
    house.shows = NOW + DAY
    advance(UUID(order["id"]), "en", NOW + DAY)
    assert alice.get(line).json()["msisdn"] == f"+{E164}"
    steps = [each["kind"] for each in alice.get(at).json()["steps"]]
    assert steps == ["ordered", "paid", "date_set", "arriving", "sent", "confirmed", "ready"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bring": {"msisdn": f"+{E164}"}}, "validation_failed"),
        ({"bring": {"msisdn": "447700900871", "code": CODE}}, "validation_failed"),
        ({"bring": {"msisdn": f"+{E164}", "code": "no"}}, "validation_failed"),
        ({"bring": {"msisdn": f"+{E164}", "code": CODE, "holder": "a\nb"}}, "validation_failed"),
        ({"bring": {"msisdn": f"+{E164}", "code": CODE, "pin": "1"}}, "validation_failed"),
        ({"msisdn": "+447700900601"}, "validation_failed"),
        ({"bring": {"msisdn": f"+{OLD}", "code": CODE}}, "port_in_refused"),
    ],
)
def test_what_cannot_be_brought(
    alice: Caller, shop: None, changes: dict[str, Any], code: str
) -> None:
    shelves.numbers(shelves.pool("uk"), 1, OLD)
    before = Number.objects.count()
    answer = alice.post("/v1/lines", BRING | changes, KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Order.objects.filter(kind="purchase").exists()
    assert Number.objects.count() == before


def test_an_order_is_cancelled_before_its_number_comes(
    alice: Caller, bob: Caller, charlie: Caller, shop: None, house: ScriptedHouse
) -> None:
    order = alice.post("/v1/lines", BRING, KEY).json()
    at = f"/v1/orders/{order['id']}"
    assert alice.get(at).json()["cancellation"] == "possible"
    assert charlie.put(f"{at}/cancellation", None).status_code == 404
    assert bob.put(f"{at}/cancellation", None).json()["code"] == "role_refused"
    house.deaf = True
    silent = alice.put(f"{at}/cancellation", None)
    assert (silent.status_code, silent.json()["cancellation"]) == (200, "asked")
    house.deaf = False
    advance(UUID(order["id"]), "en", NOW)
    done = alice.put(f"{at}/cancellation", None).json()
    assert (done["state"], done["failure_code"]) == ("cancelled", "called_off")
    assert done["cancellation"] is None


def test_an_order_that_brings_nothing_cannot_be_cancelled(alice: Caller, stage: Cast) -> None:
    order = alice.post(f"/v1/lines/{stage.line.id}/renewals", {"plan_code": "keep-1m"}, KEY).json()
    assert alice.get(f"/v1/orders/{order['id']}").json()["cancellation"] is None
    refused = alice.put(f"/v1/orders/{order['id']}/cancellation", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "cancel_refused")
