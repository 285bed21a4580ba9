"""POST /webhooks/porting/: heard when signed and fresh, and no more than a reason to ask."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from keepline.gateways.porting.bridge.callbacks import CHANGED
from keepline.gateways.signed import LIMIT_BYTES, Signer
from keepline.webhooks import porting
from tests.gateways.sms_gateway_process import OTHER_SECRET, SECRET

pytestmark = pytest.mark.django_db
ADDRESS, PORT = "/webhooks/porting/", uuid4()
Post = Callable[..., int]


@pytest.fixture
def heard(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    settings.ENV = replace(settings.ENV, porting_secrets=(SECRET,))
    found: list[UUID] = []
    monkeypatch.setattr(porting, "hear", lambda port_id, now: found.append(port_id))
    return found


@pytest.fixture
def post(client: Client) -> Post:
    def send(content: Any, secret: str = SECRET, at: datetime | None = None) -> int:
        text = content if isinstance(content, str) else json.dumps(content)
        headers = Signer([secret]).headers("cb_1", text, at or datetime.now(UTC))
        sent = client.post(ADDRESS, text, content_type="application/json", headers=headers)
        return int(sent.status_code)

    return send


def changed(**data: Any) -> dict[str, Any]:
    return {"type": CHANGED, "data": {"id": str(PORT), **data}}


def test_it_is_heard(post: Post, heard: list[UUID]) -> None:
    assert post(changed(state="ported")) == 204
    assert heard == [PORT]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"type": "port.pondered", "data": {}}, 204),
        ({"type": CHANGED}, 400),
        ({"type": CHANGED, "data": None}, 400),
        ({"type": CHANGED, "data": {"id": "7"}}, 400),
        ({"type": CHANGED, "data": {"id": 7}}, 400),
        ("[" * 5000, 400),
        ("no JSON", 400),
        (f'"{"x" * LIMIT_BYTES}"', 413),
    ],
)
def test_what_says_nothing(post: Post, heard: list[UUID], content: Any, status: int) -> None:
    assert post(content) == status
    assert heard == []


def test_who_is_not_believed(post: Post, heard: list[UUID], client: Client) -> None:
    now = datetime.now(UTC)
    assert post(changed(), secret=OTHER_SECRET) == 403
    assert post(changed(), at=now - timedelta(minutes=6)) == 403
    assert post(changed(), at=now + timedelta(minutes=6)) == 403
    assert client.post(ADDRESS, changed(), content_type="application/json").status_code == 403
    assert client.get(ADDRESS).status_code == 405
    assert heard == []


def test_without_a_secret_there_is_no_such_door(post: Post) -> None:
    assert post(changed()) == 404
