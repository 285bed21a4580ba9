"""PUT /v1/lines/{id}/auto-renew, and the expiry that a renewal may insist on."""

from typing import Any

import pytest

from keepline.catalog.models import Plan
from keepline.lines.models import Validity
from keepline.orders.models import Order
from tests import cast
from tests.api.callers import Caller
from tests.cast import NOW, Cast

pytestmark = pytest.mark.django_db
SWITCHED_OFF = {
    "enabled": False,
    "plan_code": "keep-1m",
    "lead_days": None,
    "payment_method_id": None,
    "next_try_at": None,
    "consent_needed": False,
}


def line(stage: Cast) -> str:
    return f"/v1/lines/{stage.line.id}"


def test_the_answer_is_the_line_as_it_is_now(alice: Caller, stage: Cast) -> None:
    assert alice.get(line(stage)).json()["auto_renew"] == SWITCHED_OFF
    body = {"enabled": True, "plan_code": "keep-1m", "lead_days": 2}
    for _ in range(2):
        answer = alice.put(f"{line(stage)}/auto-renew", body)
        assert answer.status_code == 200
        assert answer.json() == alice.get(line(stage)).json()
    assert answer.json()["auto_renew"] == SWITCHED_OFF | {
        "enabled": True,
        "lead_days": 2,
        "next_try_at": "2026-03-18T12:00:00Z",
    }
    assert answer.json()["next_action"] == {"kind": "renews", "at": "2026-03-18T12:00:00Z"}
    [card] = alice.get("/v1/lines").json()["items"]
    assert card["auto_renew"] == answer.json()["auto_renew"]


def test_what_is_left_out_goes_back_to_its_default(alice: Caller, stage: Cast) -> None:
    alice.put(f"{line(stage)}/auto-renew", {"enabled": True, "lead_days": 2})
    off = alice.put(f"{line(stage)}/auto-renew", {"enabled": False})
    assert off.json()["auto_renew"] == SWITCHED_OFF


def test_a_dearer_plan_needs_consent(alice: Caller, stage: Cast) -> None:
    alice.put(f"{line(stage)}/auto-renew", {"enabled": True})
    Plan.objects.filter(id=stage.plan.id).update(sold_until_at=NOW)
    cast.plan(stage.plan.code, version=2, price_minor=500)
    told = alice.get(line(stage)).json()
    assert told["auto_renew"]["consent_needed"] is True
    assert told["auto_renew"]["next_try_at"] is None
    assert told["next_action"] == {"kind": "consent", "at": "2026-03-20T12:00:00Z"}
    wanted: dict[str, Any] = {"enabled": True, "plan_code": "keep-1m"}
    seen = {"amount_minor": 300, "currency": "USD"}
    refused = alice.put(f"{line(stage)}/auto-renew", wanted | {"expected_total": seen})
    assert (refused.status_code, refused.json()["code"]) == (409, "price_changed")
    agreed = alice.put(f"{line(stage)}/auto-renew", wanted).json()
    assert agreed["auto_renew"]["consent_needed"] is False


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "validation_failed"),
        ({"enabled": "yes"}, "validation_failed"),
        ({"enabled": 1}, "validation_failed"),
        ({"enabled": True, "lead_days": "3"}, "validation_failed"),
        ({"enabled": True, "lead_days": -1}, "validation_failed"),
        ({"enabled": True, "lead_days": 366}, "validation_failed"),
        ({"enabled": True, "plan_code": "No Such"}, "validation_failed"),
        ({"enabled": True, "method": "card"}, "validation_failed"),
        ({"enabled": True, "lead_days": 14}, "lead_refused"),
        ({"enabled": True, "plan_code": "no-such"}, "plan_not_for_line"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(
    body: dict[str, Any], code: str, alice: Caller, stage: Cast
) -> None:
    answer = alice.put(f"{line(stage)}/auto-renew", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert not Validity.objects.by_id(stage.line.id).auto_renew


def test_who_may_only_look_switches_nothing(bob: Caller, stage: Cast) -> None:
    answer = bob.put(f"{line(stage)}/auto-renew", {"enabled": True})
    assert (answer.status_code, answer.json()["code"]) == (403, "role_refused")
    assert not Validity.objects.by_id(stage.line.id).auto_renew


def test_a_line_renewed_meanwhile_is_not_renewed_once_more(alice: Caller, stage: Cast) -> None:
    seen = alice.get(line(stage)).json()["valid_until"]
    body = {"plan_code": "keep-1m", "use_wallet": "only", "expected_valid_until": seen}
    first = alice.post(f"{line(stage)}/renewals", body, "key-first")
    assert first.status_code == 201
    second = alice.post(f"{line(stage)}/renewals", body, "key-second")
    assert (second.status_code, second.json()["code"]) == (409, "line_changed")
    again = alice.post(f"{line(stage)}/renewals", body, "key-first")
    assert (again.status_code, again.content) == (201, first.content)
    assert Order.objects.filter(kind="renewal").count() == 1


@pytest.mark.parametrize(
    "seen", [1773144000, True, "yesterday", "2026-03-20", "2026-03-20T12:00:00", "9" * 60]
)
def test_an_instant_is_text_with_its_zone(seen: object, alice: Caller, stage: Cast) -> None:
    body = {"plan_code": "keep-1m", "use_wallet": "only", "expected_valid_until": seen}
    answer = alice.post(f"{line(stage)}/renewals", body, "key-first")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
