"""For every route of the document: strangers, unknown parameters, wrong content types."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from keepline.api.openapi import document
from keepline.api.urls import urlpatterns
from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.authorise_port import authorise
from keepline.gateways import switchboard
from keepline.gateways.porting.bridge.fake.books import ELSEWHERE
from keepline.inventory.models import Pool
from keepline.messages.inbox_models import ReceivedMessage
from keepline.messages.models import WebhookEndpoint
from keepline.payments import methods
from keepline.payments.models import SavedMethod
from tests.api.callers import Caller
from tests.cast import NOW, Cast
from tests.flows.acts import let_go
from tests.flows.carrying import carry
from tests.flows.endpoints import connect, owner_of
from tests.flows.inboxes import arrives, numbered
from tests.flows.leaving import at_once
from tests.inventory import shelves
from tests.portal.sims import given
from tests.porting import ScriptedHouse

pytestmark = pytest.mark.django_db
PATHS: dict[str, dict[str, Any]] = document()["paths"]
ROUTES = [(m, p) for p, operations in PATHS.items() for m in operations]
GUARDED = [(m, p) for m, p in ROUTES if PATHS[p][m]["security"]]
WITH_IDS = [(m, p) for m, p in GUARDED if "_id}" in p]
WITH_BODY = [(m, p) for m, p in ROUTES if "requestBody" in PATHS[p][m]]
BODIES: dict[str, Any] = {
    "/v1/tokens": {"login": "alice@example.com", "password": "wrong"},
    "/v1/lines": {"plan_code": "keep-1m"},
    "/v1/lines/preview": {"plan_code": "keep-1m"},
    "/v1/identity/checks": {"return_url": ""},
    "/v1/lines/{line_id}": {"label": "Mother's"},
    "/v1/lines/{line_id}/auto-renew": {"enabled": True},
    "/v1/lines/{line_id}/esim/reissue": {},
    "/v1/lines/{line_id}/reclaim": {},
    "/v1/lines/{line_id}/carrier": {"carrier": "true-th"},
    "/v1/lines/{line_id}/renewals": {"plan_code": "keep-1m"},
    "/v1/lines/{line_id}/renewals/preview": {"plan_code": "keep-1m"},
    "/v1/wallets/{currency}/top-ups": {
        "amount": {"amount_minor": 2000, "currency": "USD"},
        "provider": "sandbox",
    },
    "/v1/notices": {"choices": [{"topic": "reminders", "channel": "email", "wanted": False}]},
    "/v1/webhook-endpoints": {"url": "https://partner.example/hook"},
    "/v1/webhook-endpoints/{endpoint_id}": {"name": "Till"},
    "/v1/webhook-endpoints/{endpoint_id}/replays": {
        "from": "2026-03-10T00:00:00Z",
        "until": "2026-03-11T00:00:00Z",
    },
}
NOBODY_LISTENS = "http://127.0.0.1:9/hook"
each = pytest.mark.parametrize


@pytest.fixture
def order_id(alice: Caller, stage: Cast) -> str:
    """An order of Alice's, who has saved a way to pay, has an eSIM and a webhook as well."""
    given(stage)
    connect()
    add_endpoint(owner_of(stage), NOBODY_LISTENS, "Shop", (), NOW)
    methods.begin(stage.account.id, "sandbox", NOW, NOW)
    renewals = f"/v1/lines/{stage.line.id}/renewals"
    made: str = alice.post(renewals, {"plan_code": "keep-1m"}, "key-first").json()["id"]
    return made


def coming(alice: Caller, monkeypatch: pytest.MonkeyPatch) -> str:
    """An order of Alice's whose number is to come from another operator."""
    house = ScriptedHouse()
    house.owns(447700900871, ELSEWHERE, "ABC123456", "Alice Liddell")
    house.shows, house.notice_s = NOW, 86_400
    monkeypatch.setitem(switchboard._factories, "porting", lambda: house)
    shelves.cards(shelves.pool("cards", "card"), 1)
    bring = {"msisdn": "+447700900871", "code": "ABC123456", "holder": "Alice Liddell"}
    asked = {"plan_code": "keep-1m", "sim": "card", "bring": bring}
    made: str = alice.post("/v1/lines", asked, "key-third").json()["id"]
    return made


def received(stage: Cast) -> object:
    """A message of Alice's, the same when asked again."""
    if not ReceivedMessage.objects.filter(account_id=stage.account.id).exists():
        numbered(stage)
        arrives(NOW)
    return ReceivedMessage.objects.get(account_id=stage.account.id).id


def filled(path: str, stage: Cast, order_id: str) -> str:
    method = SavedMethod.objects.filter(account_id=stage.account.id).first()
    assert method is not None
    endpoint = WebhookEndpoint.objects.filter(account_id=stage.account.id).earliest("id")
    ids = {
        "line_id": stage.line.id,
        "order_id": order_id,
        "method_id": method.id,
        "endpoint_id": endpoint.id,
        "message_id": received(stage) if "{message_id}" in path else None,
    }
    return path.format(**ids, currency="USD", code="busy", plan_code="keep-1m")


def send(caller: Caller, method: str, path: str, template: str, **changes: Any) -> Any:
    body = {**BODIES[template], **changes} if template in BODIES else None
    if method == "post":
        return caller.post(path, body, "key-second")
    if method in ("patch", "put"):
        return getattr(caller, method)(path, body)
    return getattr(caller, method)(path)


def _patterns(found: Any) -> Iterator[str]:
    for pattern in found:
        if hasattr(pattern, "url_patterns"):
            yield from _patterns(pattern.url_patterns)
        elif pattern.name != "api-root":
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))


def test_the_document_has_every_route() -> None:
    assert {f"/v1/{route}" for route in _patterns(urlpatterns)} == set(PATHS)
    assert set(BODIES) == {path for _method, path in WITH_BODY}


def test_what_needs_no_token_is_a_short_list() -> None:
    assert set(ROUTES) - set(GUARDED) == {
        ("post", "/v1/tokens"),
        ("get", "/v1/openapi.json"),
        ("get", "/v1/problems"),
        ("get", "/v1/problems/{code}"),
    }


@each(("method", "path"), GUARDED)
def test_without_a_token_nothing_opens(stage: Cast, order_id: str, method: str, path: str) -> None:
    at = filled(path, stage, order_id)
    for caller in (Caller(), Caller("kl_made-up")):
        answer = send(caller, method, at, path)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_refused")


@each(("method", "path"), WITH_IDS)
def test_what_is_another_accounts_is_not_there(
    alice: Caller,
    charlie: Caller,
    stage: Cast,
    order_id: str,
    method: str,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if path.endswith("/cancellation"):
        order_id = coming(alice, monkeypatch)
    at = filled(path, stage, order_id)
    if path.endswith("/reclaim"):
        let_go(stage, 12025550143, {})
    if path.endswith("/carrier"):
        carry(stage, smdp_address="smdp.example.com", matching_id="A-B")
    if path.endswith("/reissue"):
        shelves.profiles(Pool.objects.get(), 1, first=9, smdp_address="a.b", matching_id="X")
    if "/port-out" in path:
        monkeypatch.setitem(switchboard._factories, "porting", ScriptedHouse)
        at_once(stage)
    if path.endswith("/code"):
        authorise(stage.account.id, stage.line.id, "user:1", NOW)
    answer = send(charlie, method, at, path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert send(alice, method, at, path).status_code < 300, "the owner gets in"


def test_lists_of_a_stranger_hold_nothing_of_ours(
    alice: Caller, charlie: Caller, stage: Cast, order_id: str
) -> None:
    for path in ("/v1/lines", "/v1/orders", "/v1/wallets/USD/statement", "/v1/webhook-endpoints"):
        assert alice.get(path).json()["items"], "there is something to leak"
        assert charlie.get(path).json()["items"] == []
    ours = f"/v1/orders?line_id={stage.line.id}"
    answer = charlie.get(ours)
    # An account in another slot is told apart by the id already; in the same one by the rows.
    assert answer.status_code == 404 or answer.json()["items"] == []


@each(("method", "path"), ROUTES)
def test_a_parameter_nobody_knows_is_refused(
    alice: Caller, stage: Cast, order_id: str, method: str, path: str
) -> None:
    at = filled(path, stage, order_id)
    answer = send(alice, method, f"{at}?surprise=1", path)
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter_unknown")


@each(("method", "path"), WITH_BODY)
def test_a_field_nobody_knows_is_refused(
    alice: Caller, stage: Cast, order_id: str, method: str, path: str
) -> None:
    answer = send(alice, method, filled(path, stage, order_id), path, surprise=1)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == "/surprise"


@each(("method", "path"), WITH_BODY)
@each(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_a_body_that_is_not_declared_as_json_is_refused(
    alice: Caller, stage: Cast, order_id: str, method: str, path: str, content_type: str
) -> None:
    answer = alice.client.generic(
        method.upper(),
        filled(path, stage, order_id),
        b'{"plan_code": "keep-1m"}',
        content_type=content_type,
        headers={"Authorization": f"Bearer {alice.token}", "Idempotency-Key": "key-second"},
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_refused")
    assert answer["Accept-Post"] == "application/json"


@each("path", PATHS)
def test_a_method_that_is_not_documented_is_refused(
    alice: Caller, stage: Cast, order_id: str, path: str
) -> None:
    for method in {"get", "post", "put", "patch", "delete"} - set(PATHS[path]):
        answer = alice._send(method.upper(), filled(path, stage, order_id), None, {})
        assert (answer.status_code, answer.json()["code"]) == (405, "method_refused")
        assert set(answer["Allow"].lower().split(", ")) == set(PATHS[path])


@each(("method", "path"), GUARDED)
def test_answers_are_documented(
    alice: Caller, stage: Cast, order_id: str, method: str, path: str
) -> None:
    answer = send(alice, method, filled(path, stage, order_id), path)
    documented = PATHS[path][method]["responses"]
    assert str(answer.status_code) in documented
    for name in documented[str(answer.status_code)]["headers"]:
        if name not in ("Retry-After", "Idempotent-Replayed"):
            assert name in answer, name
