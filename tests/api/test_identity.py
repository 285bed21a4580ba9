"""/v1/identity: a partner's app has its holder checked, and reads how it stands."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from keepline.accounts.models import IdentityCheck
from keepline.audit.models import AuditEvent
from keepline.flows.check_identity import hear
from tests.api.callers import Caller
from tests.cast import Cast
from tests.flows.checking import demanded
from tests.identity import ScriptedChecker, a_checker, checker

__all__ = ["checker"]
pytestmark = pytest.mark.django_db
PATH, CHECKS = "/v1/identity", "/v1/identity/checks"
PARTNER = "https://partner.example/checked"


def read(caller: Caller) -> Any:
    answer = caller.get(PATH)
    assert answer.status_code == 200, answer.content
    return answer.json()


def begin(caller: Caller) -> Any:
    answer = caller.post(CHECKS, None)
    assert answer.status_code == 200, answer.content
    return answer.json()


def pending() -> IdentityCheck:
    found: IdentityCheck = IdentityCheck.objects.get(state="pending")
    return found


def test_from_a_refused_purchase_to_a_line(
    alice: Caller, stage: Cast, checker: ScriptedChecker
) -> None:
    demanded()
    refused = alice.post("/v1/lines/preview", {"plan_code": stage.plan.code})
    assert (refused.status_code, refused.json()["code"]) == (403, "identity_needed")
    assert read(alice)["stage"] == "not_asked"
    first = begin(alice)
    assert (first["stage"], first["may_begin"]) == ("pending", True)
    assert first["page_url"] == f"https://id.example/checks/{pending().id}"
    assert begin(alice) == first, "gone on with"
    row = pending()
    checker.decide(row.id, country="GB", of_age=True)
    hear(*checker.callback(row.id, timezone.now()), timezone.now())
    done = read(alice)
    assert (done["stage"], done["may_begin"], done["open_until"]) == ("verified", False, None)
    assert "GB" not in str(done), "what the document says is not for programs"
    again = alice.post(CHECKS, None)
    assert (again.status_code, again.json()["code"]) == (409, "identity_verified")
    assert alice.post("/v1/lines/preview", {"plan_code": stage.plan.code}).status_code != 403
    assert AuditEvent.objects.filter(action="identity.check_begun").count() == 1


def test_a_result_that_came_meanwhile_is_in_the_answer(
    alice: Caller, stage: Cast, checker: ScriptedChecker
) -> None:
    begin(alice)
    checker.decide(pending().id, "refused", reason="unreadable")
    told = begin(alice)
    assert (told["stage"], told["reason"], told["page_url"]) == ("refused", "unreadable", None)


def test_tries_are_counted_and_it_is_said_until_when(
    alice: Caller, stage: Cast, checker: ScriptedChecker
) -> None:
    for _ in range(3):
        begin(alice)
        checker.decide(pending().id, "refused", reason="other")
        begin(alice)
    answer = alice.post(CHECKS, None)
    assert (answer.status_code, answer.json()["code"]) == (429, "identity_tries")
    assert 86_000 < int(answer["Retry-After"]) <= 86_400
    view = read(alice)
    assert view["may_begin"] is False
    again_at = datetime.fromisoformat(view["again_at"])
    assert again_at - timezone.now() > timedelta(hours=23)


def test_without_a_provider_and_while_it_is_silent(alice: Caller, stage: Cast) -> None:
    answer = alice.post(CHECKS, None)
    assert (answer.status_code, answer.json()["code"]) == (503, "no_identity_check")
    assert read(alice)["may_begin"] is False
    with a_checker() as checker:
        checker.deaf = True
        answer = alice.post(CHECKS, None)
        assert (answer.status_code, answer.json()["code"]) == (503, "identity_silent")
        checker.deaf = False
        assert begin(alice)["page_url"]


def test_a_partner_gets_its_holder_back(
    alice: Caller, stage: Cast, checker: ScriptedChecker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser has no session here: its holder signed in to the partner's app alone."""
    refused = alice.post(CHECKS, {"return_url": PARTNER})
    assert (refused.status_code, refused.json()["code"]) == (422, "return_url_refused")
    assert not IdentityCheck.objects.exists()
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, identity_return_urls=(PARTNER,)))
    answer = alice.post(CHECKS, {"return_url": PARTNER})
    assert answer.status_code == 200
    told = checker.checks.find(str(pending().id))
    assert told is not None
    checker.decide(pending().id)
    back = Client().get(told["return_url"])
    assert (back.status_code, back["Location"]) == (302, PARTNER)
    assert "no-store" in back["Cache-Control"]
    assert read(alice)["stage"] == "verified", "before any webhook"


@pytest.mark.parametrize("body", [{}, {"return_url": None}, {"return_url": ""}])
def test_without_one_they_come_to_the_portal(
    body: dict[str, str | None], alice: Caller, stage: Cast, checker: ScriptedChecker
) -> None:
    assert alice.post(CHECKS, body).status_code == 200
    told = checker.checks.find(str(pending().id))
    assert told is not None
    assert Client().get(told["return_url"])["Location"] == "/account/identity/"


def test_the_body_may_be_left_out(alice: Caller, stage: Cast, checker: ScriptedChecker) -> None:
    answer = alice._send("POST", CHECKS, None, {})
    assert answer.status_code == 200, answer.content


def test_only_who_manages_the_account(bob: Caller, stage: Cast, checker: ScriptedChecker) -> None:
    stage.bob.memberships.update(role="spend")
    for answer in (bob.get(PATH), bob.post(CHECKS, None)):
        assert (answer.status_code, answer.json()["code"]) == (403, "role_refused")
    assert not IdentityCheck.objects.exists()


def test_a_stranger_reads_their_own(
    alice: Caller, charlie: Caller, stage: Cast, checker: ScriptedChecker
) -> None:
    begin(alice)
    assert read(charlie)["stage"] == "not_asked"


def test_it_is_read_in_few_queries(
    alice: Caller,
    stage: Cast,
    checker: ScriptedChecker,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    begin(alice)
    with django_assert_num_queries(2):
        read(alice)
