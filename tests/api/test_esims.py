"""GET /v1/lines/{id}/esim: how far it has come, and its code for who may manage the line."""

import pytest

from keepline.audit.models import AuditEvent
from keepline.core.lifecycle.profile import ProfileEvent as E
from keepline.inventory import sims
from keepline.inventory.models import Profile
from tests.api.callers import Caller
from tests.cast import Cast
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
    assert "4711" not in answer.content.decode()
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
