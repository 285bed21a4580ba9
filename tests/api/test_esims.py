"""A line's eSIM: how far it has come, its code for who may manage the line, and a new phone."""

from datetime import timedelta
from typing import Any

import pytest

from keepline.accounts.services import note_contacts_changed
from keepline.audit.models import AuditEvent
from keepline.core.lifecycle.profile import ProfileEvent as E
from keepline.inventory import sims
from keepline.inventory.models import Pool, Profile
from keepline.orders.models import Order
from tests.api.callers import Caller
from tests.cast import NOW, Cast
from tests.inventory import shelves
from tests.portal.sims import CODE, given

pytestmark = pytest.mark.django_db
SHOWN = {"action": "profile.code_shown"}


def test_what_a_phone_is_given(alice: Caller, stage: Cast) -> None:
    address = f"/v1/lines/{stage.line.id}/esim"
    assert alice.get(address).status_code == 404
    profile = given(stage, confirmation="4711")
    answer = alice.get(address)
    body = answer.json()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert (body["stage"], body["profile_state"], body["eid"]) == ("ready", "released", None)
    assert body["iccid"] == profile.iccid
    assert body["steps"] == [
        {"kind": kind, "at": "2026-03-10T12:00:00Z"} for kind in ("ordered", "released")
    ]
    text = f"{CODE}$$1"
    assert body["activation_code"] == {
        "text": text,
        "smdp_address": CODE.smdp_address,
        "matching_id": CODE.matching_id,
        "confirmation_code_required": True,
        "install_links": {
            system: f"https://esimsetup.{name}.com/esim_qrcode_provisioning?carddata={text}"
            for system, name in (("ios", "apple"), ("android", "android"))
        },
    }
    assert '"4711"' not in answer.content.decode()  # ids have any digits
    alice.get(address)
    (event,) = AuditEvent.objects.filter(**SHOWN)
    assert event.actor == f"user:{stage.alice.pk}"


def test_a_role_that_may_only_look_gets_no_code(bob: Caller, stage: Cast) -> None:
    given(stage)
    answer = bob.get(f"/v1/lines/{stage.line.id}/esim")
    assert (answer.status_code, answer.json()["activation_code"]) == (200, None)
    assert CODE.matching_id not in answer.content.decode()
    assert not AuditEvent.objects.filter(**SHOWN).exists()


def test_a_code_that_was_used_is_not_told_again(alice: Caller, stage: Cast) -> None:
    given(stage, E.DOWNLOAD, E.INSTALL)
    sims.note_eid(Profile.objects.get(), "89" + "0" * 30)
    body = alice.get(f"/v1/lines/{stage.line.id}/esim").json()
    assert (body["stage"], body["activation_code"]) == ("installed", None)
    assert body["eid"] == "89" + "0" * 30
    assert [step["kind"] for step in body["steps"]] == [
        "ordered",
        "released",
        "downloaded",
        "installed",
    ]


def test_a_stranger_finds_none(charlie: Caller, stage: Cast) -> None:
    given(stage)
    assert charlie.get(f"/v1/lines/{stage.line.id}/esim").status_code == 404


def reissue_at(stage: Cast) -> str:
    return f"/v1/lines/{stage.line.id}/esim/reissue"


@pytest.fixture
def on_a_phone(stage: Cast) -> Profile:
    """Installed, and another one on the shelf."""
    profile = given(stage, E.DOWNLOAD, E.INSTALL)
    shelves.profiles(Pool.objects.get(), 1, first=2 * 10**6, smdp_address="a.b", matching_id="X")
    return profile


def test_an_esim_goes_to_another_phone(alice: Caller, stage: Cast, on_a_phone: Profile) -> None:
    eid = "89" + "0" * 28 + "99"
    answer = alice.post(reissue_at(stage), {"eid": eid}, key="key-0001")
    body = answer.json()
    assert (answer.status_code, body["kind"], body["state"]) == (202, "new_sim", "in_progress")
    assert body["price"]["total"]["amount_minor"] == 0
    assert answer["Location"] == f"/v1/orders/{body['id']}"
    order = Order.objects.get(kind="new_sim")
    assert (order.channel, (order.stock or {})["eid"]) == ("api", eid)
    again = alice.post(reissue_at(stage), {"eid": eid}, key="key-0001")
    assert (again.status_code, again["Idempotent-Replayed"]) == (202, "true")
    assert Order.objects.filter(kind="new_sim").count() == 1
    assert alice.get(f"/v1/lines/{stage.line.id}/esim").json()["reissues_left"] == 1
    assert alice.post(reissue_at(stage), {}, key="key-0001").json()["code"] == "key_reused"
    busy = alice.post(reissue_at(stage), {}, key="key-0002").json()
    assert busy["code"] == "order_under_way"


@pytest.mark.parametrize(
    ("body", "key", "status", "code"),
    [
        ({}, "", 400, "key_missing"),
        ({"eid": "89" + "0" * 30}, "key-0001", 422, "eid_refused"),
        ({"eid": "8900"}, "key-0001", 422, "validation_failed"),
        ({"iccid": "8944"}, "key-0001", 422, "validation_failed"),
    ],
)
def test_what_is_wrong_changes_nothing(
    alice: Caller, stage: Cast, on_a_phone: Profile, body: Any, key: str, status: int, code: str
) -> None:
    answer = alice.post(reissue_at(stage), body, key=key)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Order.objects.filter(kind="new_sim").exists()


def test_nobody_else_moves_it(
    alice: Caller, bob: Caller, charlie: Caller, stage: Cast, on_a_phone: Profile
) -> None:
    assert charlie.post(reissue_at(stage), {}, key="key-0001").status_code == 404
    assert bob.post(reissue_at(stage), {}, key="key-0001").json()["code"] == "role_refused"
    note_contacts_changed(stage.alice, NOW - timedelta(hours=23))
    refused = alice.post(reissue_at(stage), {}, key="key-0001").json()
    assert refused["code"] == "contacts_changed"
    assert refused["facts"] == {"again_at": "2026-03-10T13:00:00Z"}
    assert not Order.objects.filter(kind="new_sim").exists()
