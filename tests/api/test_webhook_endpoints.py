"""/v1/webhook-endpoints: a program makes, tries, turns and ends its own endpoints."""

import json
from typing import Any

import pytest
import time_machine

from keepline.accounts.models import Membership, Role
from keepline.messages import services as outbox
from keepline.messages.models import Delivery, WebhookEndpoint
from tests.api.callers import Caller, caller_for
from tests.cast import NOW, Cast
from tests.flows.endpoints import connect, owner_of, receiver
from tests.telling import tell

pytestmark = pytest.mark.django_db
PATH = "/v1/webhook-endpoints"
BODY = {"url": "https://partner.example/hook", "name": "Shop", "events": ["line.renewed"]}


@pytest.fixture(autouse=True)
def webhooks() -> None:
    connect()


def made(caller: Caller, **changes: Any) -> dict[str, Any]:
    answer = caller.post(PATH, {**BODY, **changes})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = json.loads(answer.content)
    return found


def test_its_secret_is_told_once(alice: Caller) -> None:
    fresh = made(alice)
    assert fresh["secret"].startswith("whsec_")
    assert (fresh["url"], fresh["events"], fresh["on"]) == (BODY["url"], ["line.renewed"], True)
    shown = alice.get(f"{PATH}/{fresh['id']}")
    listed = alice.get(PATH)
    assert fresh["secret"] not in (shown.content + listed.content).decode()
    assert [one["id"] for one in listed.json()["items"]] == [fresh["id"]]


def test_changed_rotated_and_removed(alice: Caller) -> None:
    fresh = made(alice)
    path = f"{PATH}/{fresh['id']}"
    changed = alice.patch(path, {"name": "Till", "events": [], "on": False}).json()
    assert (changed["name"], changed["events"], changed["on"]) == ("Till", [], False)
    assert changed["off_reason"] == "asked"
    rotated = alice.post(f"{path}/secret", {}).json()
    assert rotated["secret"] != fresh["secret"]
    assert rotated["former_secret_until"] == "2026-03-11T12:00:00Z"
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == 404


REFUSED = [
    ({"url": "https://10.0.0.1/"}, 422, "endpoint_refused"),
    ({"url": "http://partner.example/"}, 422, "endpoint_refused"),
    ({"events": ["line.sold"]}, 422, "event_unknown"),
    ({"events": ["LINE"]}, 422, "validation_failed"),
    ({"url": "x" * 501}, 422, "validation_failed"),
    ({"colour": "red"}, 422, "validation_failed"),
]


@pytest.mark.parametrize(("changes", "status", "code"), REFUSED)
def test_what_is_refused(alice: Caller, changes: dict[str, Any], status: int, code: str) -> None:
    answer = alice.post(PATH, {**BODY, **changes})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert WebhookEndpoint.objects.count() == 0


def test_only_who_manages_the_account(stage: Cast, alice: Caller, bob: Caller) -> None:
    fresh = made(alice)
    stranger = caller_for(stage.charlie, stage.other_account)
    for caller, status in ((bob, 403), (stranger, 404)):
        assert caller.get(f"{PATH}/{fresh['id']}").status_code == status
        assert caller.post(f"{PATH}/{fresh['id']}/secret", {}).status_code == status
        assert caller.delete(f"{PATH}/{fresh['id']}").status_code == status
    assert bob.post(PATH, BODY).json()["code"] == "role_refused"
    Membership.objects.filter(user=stage.bob).update(role=Role.MANAGE)
    assert bob.get(PATH).status_code == 200


def test_tried_with_the_answer_told_and_not_too_often(stage: Cast, alice: Caller) -> None:
    with receiver(owner_of(stage)) as program:
        tried = alice.post(f"{PATH}/{program.id}/test", {})
        assert (tried.status_code, tried.json()["delivered"]) == (200, True)
        codes = [alice.post(f"{PATH}/{program.id}/test", {}).status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]


def test_deliveries_and_sending_them_again(stage: Cast, alice: Caller) -> None:
    with receiver(owner_of(stage)) as program:
        outbox.put_all([("line.blocked", stage.account.id, stage.line.id)], NOW)
        tell(NOW)
        path = f"{PATH}/{program.id}"
        (item,) = alice.get(f"{path}/deliveries").json()["items"]
        assert (item["type"], item["state"], item["tries"]) == ("line.blocked", "delivered", 1)
        span = {"from": "2026-03-10T00:00:00Z", "until": "2026-03-11T00:00:00Z"}
        assert alice.post(f"{path}/replays", span).json() == {"events": 0}
        again = alice.post(f"{path}/replays", {**span, "delivered": True})
        assert again.json() == {"events": 1}
        assert Delivery.objects.filter(channel="webhook", due_at__isnull=False).count() == 1
        wrong = {"from": span["until"], "until": span["from"]}
        assert alice.post(f"{path}/replays", wrong).json()["code"] == "span_refused"


def test_pages_of_deliveries_follow_links(
    stage: Cast, alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepline.flows.show_endpoint.PAGE", 1)
    with receiver(owner_of(stage)) as program:
        for _ in range(2):
            outbox.put_all([("line.blocked", stage.account.id, stage.line.id)], NOW)
            tell(NOW)
    path = f"{PATH}/{program.id}/deliveries"
    first = alice.get(path).json()
    second = alice.get(f"{path}?cursor={first['next_cursor']}").json()
    assert (len(first["items"]), len(second["items"]), second["next_cursor"]) == (1, 1, None)
    with time_machine.travel(NOW, tick=False):
        assert alice.get(f"{path}?cursor=x").json()["code"] == "cursor_refused"
