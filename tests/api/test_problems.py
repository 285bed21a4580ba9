"""Every error is a problem after RFC 9457, whatever went wrong."""

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import override_settings

from keepline.api.problems import ALL
from keepline.api.routes import account
from keepline.flows.errors import CATALOGUE
from tests.api.callers import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db
MEMBERS = {"type", "title", "status", "detail", "code", "hint", "retryable", "request_id"}


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body.keys() >= MEMBERS
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["type"].endswith(f"/v1/problems/{code}")
    assert body["request_id"] == answer["X-Request-Id"]
    assert answer["Cache-Control"] == "no-store"
    return body


def test_the_type_of_a_problem_explains_it() -> None:
    for code, refusal in ALL.items():
        kind = Caller().get(f"/v1/problems/{code}").json()
        assert (kind["status"], kind["title"]) == (refusal.status, refusal.title)
    listed = Caller().get("/v1/problems").json()["items"]
    assert {one["code"] for one in listed} == set(ALL)
    assert_problem(Caller().get("/v1/problems/no_such_code"), 404, "not_found")


def test_codes_of_the_entrance_and_of_flows_do_not_meet() -> None:
    from keepline.api.problems import OF_THE_API

    assert not OF_THE_API.keys() & CATALOGUE.keys()


@pytest.mark.parametrize("path", ["/v1/", "/v1/nothing", "/v1/lines/no-uuid", "/v1/lines/"])
def test_an_address_that_leads_nowhere(alice: Caller, path: str) -> None:
    assert_problem(alice.get(path), 404, "not_found")


def test_a_method_that_is_not_taken(alice: Caller) -> None:
    answer = alice.delete("/v1/account")
    assert_problem(answer, 405, "method_refused")
    assert answer["Allow"] == "GET"
    assert_problem(alice.client.options("/v1/account"), 405, "method_refused")


def test_head_is_get_without_the_body(alice: Caller) -> None:
    answer = alice._send("HEAD", "/v1/account", None, {})
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"plan_code": NaN}',
        b'{"plan_code": "a", "plan_code": "b"}',
        b"[" * 100_000,
        b'{"plan_code": ' + b"9" * 5000 + b"}",
        '{"plan_code": "é"}'.encode("utf-16"),
    ],
)
def test_what_is_not_json_is_said_to_be_unreadable(alice: Caller, stage: Cast, body: bytes) -> None:
    answer = alice.client.generic(
        "POST",
        f"/v1/lines/{stage.line.id}/renewals",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {alice.token}", "Idempotency-Key": "key-00001"},
    )
    assert_problem(answer, 400, "request_unreadable")


@pytest.mark.parametrize(
    "body", [None, [], 7, "text", {}, {"plan_code": None}, {"plan_code": "A B"}]
)
def test_what_does_not_fit_is_pointed_at(alice: Caller, stage: Cast, body: Any) -> None:
    answer = alice.post(f"/v1/lines/{stage.line.id}/renewals", body, "key-00001")
    problem = assert_problem(answer, 422, "validation_failed")
    assert problem["errors"][0]["code"]


def test_where_the_fault_lies_is_said_but_not_what_was_sent(alice: Caller) -> None:
    body = {"amount": {"amount_minor": "hunter2", "currency": "usd"}, "provider": "sandbox", "x": 1}
    answer = alice.post("/v1/wallets/USD/top-ups", body, "key-00001")
    problem = assert_problem(answer, 422, "validation_failed")
    assert {fault["pointer"] for fault in problem["errors"]} == {
        "/amount/amount_minor",
        "/amount/currency",
        "/x",
    }
    assert b"hunter2" not in answer.content
    query = assert_problem(alice.get("/v1/plans?currency=usd"), 422, "validation_failed")
    assert query["errors"][0]["parameter"] == "currency"


@pytest.mark.parametrize(
    "path", ["/v1/account?x=1", "/v1/lines?cursor=a&cursor=b", "/v1/lines?%00=1"]
)
def test_unknown_and_doubled_parameters(alice: Caller, path: str) -> None:
    assert_problem(alice.get(path), 400, "parameter_unknown")


def test_a_body_that_is_too_large(alice: Caller, stage: Cast) -> None:
    body = {"plan_code": "x" * (1024 * 1024)}
    answer = alice.post(f"/v1/lines/{stage.line.id}/renewals", body, "key-00001")
    assert_problem(answer, 413, "body_too_large")


@override_settings(ALLOWED_HOSTS=["keepline.example"])
def test_a_host_that_is_not_ours(alice: Caller) -> None:
    assert_problem(alice.get("/v1/account", Host="evil.example"), 400, "request_unreadable")


def test_titles_come_in_the_callers_language() -> None:
    def title(language: str) -> tuple[str, str]:
        answer = Caller().get("/v1/account", **{"Accept-Language": language})
        return answer["Content-Language"], answer.json()["title"]

    assert title("fr, en;q=0.1")[0] == "en"
    assert title("zh-CN") == ("zh-hans", "请求中没有有效令牌。")
    assert title("uk-UA, ru;q=0.5")[0] == "uk"
    assert title("ru") == ("ru", "В запросе нет действующего токена.")
    assert title("x" * 5000)[0] == "en"
    assert title(", ;q=,;;==")[0] == "en"


def test_ones_own_request_id_comes_back() -> None:
    answer = Caller().get("/v1/account", **{"X-Request-Id": "mine-0123456789"})
    assert answer["X-Request-Id"] == answer.json()["request_id"] == "mine-0123456789"
    forged = Caller().get("/v1/account", **{"X-Request-Id": "a b"})
    assert forged["X-Request-Id"] != "a b"


def _broken(error: Exception) -> Any:
    def flow(*_args: object) -> None:
        raise error

    return flow


def test_a_fault_of_ours_tells_nothing_but_an_id(
    alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "show_account", _broken(RuntimeError("the secret of the house")))
    alice.client.raise_request_exception = False
    answer = alice.get("/v1/account")
    body = assert_problem(answer, 500, "internal_error")
    assert body["retryable"]
    assert "secret" not in json.dumps(body)


def test_a_database_out_of_reach_is_said_to_be_so(
    alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "show_account", _broken(OperationalError("server closed")))
    answer = alice.get("/v1/account")
    assert_problem(answer, 503, "unavailable")
    assert answer["Retry-After"] == "5"


def test_nothing_of_the_portal_leaks_in(alice: Caller) -> None:
    answer = alice.get("/v1/account")
    assert not answer.cookies
    assert answer["Content-Length"] == str(len(answer.content))
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Content-Security-Policy" not in answer


NASTY = ["\x00", "a\x00b", "\ud800", "\udfff\ud800", "\u202e", "\U0001f4a9" * 20, " ", "a\nb"]
SIGNS_IN = {"login": "alice@example.com", "password": "wrong"}


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("field", ["login", "password", "code", "name"])
def test_text_that_no_database_stores_is_no_fault_of_ours(
    stage: Cast, field: str, text: str
) -> None:
    answer = Caller().post("/v1/tokens", {**SIGNS_IN, field: text})
    assert answer.status_code in (401, 422), answer.content


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("field", ["plan_code", "currency", "use_wallet", "provider"])
def test_nor_in_a_renewal(alice: Caller, stage: Cast, field: str, text: str) -> None:
    body = {"plan_code": "keep-1m", field: text}
    answer = alice.post(f"/v1/lines/{stage.line.id}/renewals", body, "key-00001")
    assert_problem(answer, 422, "validation_failed")
