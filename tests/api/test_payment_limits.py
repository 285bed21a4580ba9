"""Limits against fraud, seen by a program."""

from typing import Any

import pytest
from pytest_django import Settings

from keepline.orders.models import Order
from tests.api.callers import Caller, caller_for
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PATH = "/v1/wallets/USD/top-ups"
BODY = {"amount": {"amount_minor": 100, "currency": "USD"}, "provider": "sandbox"}


def asks(caller: Caller, times: int, first: int = 0, forwarded_for: str = "") -> list[Any]:
    headers = {"X-Forwarded-For": forwarded_for} if forwarded_for else {}
    numbers = range(first, first + times)
    return [caller.post(PATH, BODY, f"top-up-{number:04}", **headers) for number in numbers]


def test_a_program_is_told_when_to_come_back(alice: Caller, clock: Any) -> None:
    assert [each.status_code for each in asks(alice, 3)] == [202] * 3
    clock.shift(20.5)
    answer = alice.post(PATH, BODY, "top-up-late")
    assert (answer.status_code, answer["Retry-After"]) == (429, "40")
    problem = answer.json()
    assert (problem["code"], problem["retryable"]) == ("payments_paused", True)
    assert problem["facts"] == {"paused_until": "2026-03-10T12:01:00Z"}
    assert problem["title"] == "New payments are paused for a while."
    chinese = alice.post(PATH, BODY, "top-up-late", **{"Accept-Language": "zh-Hans"}).json()
    assert chinese["title"] == "新的付款已暂停。"
    assert "钱包" in chinese["hint"]
    assert Order.objects.filter(kind="top_up").count() == 3
    clock.shift(40)
    assert alice.post(PATH, BODY, "top-up-late").status_code == 202


def test_a_renewal_at_a_provider_too_but_the_wallet_pays(alice: Caller, stage: Cast) -> None:
    asks(alice, 3)
    renewals = f"/v1/lines/{stage.line.id}/renewals"
    body = {"plan_code": "keep-1m", "use_wallet": "none", "provider": "sandbox"}
    answer = alice.post(renewals, body, "renewal-0001")
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    again = alice.post(renewals, {"plan_code": "keep-1m"}, "renewal-0001")
    assert again.status_code == 201


def test_another_token_at_the_same_address_is_the_same_address(
    alice: Caller, charlie: Caller
) -> None:
    asks(alice, 3)
    assert asks(charlie, 1)[0].status_code == 429
    charlie.client.defaults["REMOTE_ADDR"] = "198.51.100.9"
    assert asks(charlie, 1)[0].status_code == 202


def test_another_address_is_no_way_round_the_limits_of_a_token(alice: Caller, stage: Cast) -> None:
    for number in range(4):
        alice.client.defaults["REMOTE_ADDR"] = f"198.51.100.{number}"
        status = asks(alice, 1, number)[0].status_code
        assert status == (202 if number < 3 else 429)
    fresh = caller_for(stage.alice, stage.account)
    assert asks(fresh, 1, 7)[0].status_code == 202


def test_a_forged_header_changes_nothing(alice: Caller, charlie: Caller) -> None:
    for number in range(3):
        asks(alice, 1, number, forwarded_for=f"192.0.2.{number}")
    forged = asks(charlie, 1, forwarded_for="192.0.2.200")[0]
    assert (forged.status_code, forged.json()["code"]) == (429, "payments_paused")


def test_behind_a_proxy_of_ours_only_its_own_word_counts(
    alice: Caller, charlie: Caller, settings: Settings
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(3):
        asks(alice, 1, number, forwarded_for=f"192.0.2.{number}, 203.0.113.5")
    forged = asks(charlie, 1, forwarded_for="192.0.2.200, 203.0.113.5")[0]
    assert forged.status_code == 429
    other = asks(charlie, 1, forwarded_for="203.0.113.5, 203.0.113.6")[0]
    assert other.status_code == 202


def test_more_than_a_day_holds_is_no_pause(alice: Caller, stage: Cast) -> None:
    from keepline.catalog import queries as catalog
    from keepline.catalog.models import PlanPrice

    PlanPrice.objects.update(price_minor=50_001)
    catalog.forget()
    body = {"plan_code": "keep-1m", "use_wallet": "none", "provider": "sandbox"}
    answer = alice.post(f"/v1/lines/{stage.line.id}/renewals", body, "renewal-0001")
    assert (answer.status_code, answer.json()["code"]) == (422, "amount_too_large")
    assert answer.json()["facts"] == {"largest_minor": 50_000}
    assert "Retry-After" not in answer
