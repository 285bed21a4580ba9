"""GET and PUT /v1/lines/{id}/closing: a line is given up by who manages it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress

from keepline.accounts.models import Membership, Role
from keepline.accounts.services import set_phone
from keepline.inventory.models import Number
from keepline.lines.models import LineEvent, Validity
from tests.api.callers import Caller
from tests.cast import Cast
from tests.flows.changing import OLD, equip

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(stage: Cast) -> str:
    equip(stage, 250)
    return f"/v1/lines/{stage.line.id}/closing"


def state_of(stage: Cast) -> str:
    return str(Validity.objects.by_id(stage.line.id).state)


def test_what_it_would_do_and_that_it_did(alice: Caller, stage: Cast, page: str) -> None:
    set_phone(stage.alice, f"+{OLD}", verified=True)
    seen = alice.get(page)
    assert seen.status_code == 200
    assert seen.json() == {
        "line_id": str(stage.line.id),
        "lost_seconds": int(timedelta(days=10).total_seconds()),
        "number_back_until": "2026-07-08T12:00:00Z",
        "number_free_at": "2026-09-06T12:00:00Z",
        "ends_sign_in": True,
    }
    assert state_of(stage) == "active"
    done = alice.put(page, None)
    assert (done.status_code, done.json()["state"]) == (200, "terminated")
    assert Number.objects.get(e164=OLD).state == "quarantine"
    stage.alice.refresh_from_db()
    assert stage.alice.phone is None
    again = alice.put(page, None)
    assert (again.status_code, again.json()) == (200, done.json())
    assert LineEvent.objects.filter(line_id=stage.line.id, event="terminate").count() == 1
    assert alice.get(page).json()["code"] == "closing_refused"


@pytest.mark.parametrize("role", [Role.SEE, Role.RECEIVE, Role.SPEND])
def test_who_does_not_manage_closes_nothing(
    bob: Caller, stage: Cast, page: str, role: Role
) -> None:
    Membership.objects.filter(user=stage.bob).update(role=role)
    refused = bob.put(page, None)
    assert (refused.status_code, refused.json()["code"]) == (403, "role_refused")
    assert state_of(stage) == "active"
    Membership.objects.filter(user=stage.bob).update(role=Role.MANAGE)
    assert bob.put(page, None).status_code == 200


def test_nobody_locks_themselves_out(alice: Caller, stage: Cast, page: str) -> None:
    set_phone(stage.alice, f"+{OLD}", verified=True)
    EmailAddress.objects.filter(user=stage.alice).update(verified=False)
    for refused in (alice.get(page), alice.put(page, None)):
        assert (refused.status_code, refused.json()["code"]) == (409, "sign_in_needed")
    assert state_of(stage) == "active"


def test_a_stranger_finds_nothing(charlie: Caller, stage: Cast, page: str) -> None:
    assert charlie.get(page).status_code == 404
    assert charlie.put(page, None).status_code == 404
    assert charlie.put(f"/v1/lines/{uuid4()}/closing", None).status_code == 404
    assert state_of(stage) == "active"
