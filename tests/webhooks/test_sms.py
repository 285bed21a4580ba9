"""POST /webhooks/sms/: believed when signed, kept once, and as silent as it can be."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from keepline.gateways.signed import Signer
from keepline.inventory import services as inventory
from keepline.messages import inbox_queries
from keepline.messages.heard_models import EarlyReceipt
from tests.cast import Cast, assemble
from tests.flows.inboxes import E164, MARKER, numbered
from tests.gateways.sms_gateway_process import OTHER_SECRET, SECRET

pytestmark = pytest.mark.django_db
Post = Callable[..., int]


@pytest.fixture(autouse=True)
def secret(settings: Any) -> None:
    settings.ENV = replace(settings.ENV, sms_secrets=(SECRET,))


@pytest.fixture
def stage() -> Cast:
    return numbered(assemble())


@pytest.fixture
def post(client: Client) -> Post:
    def send(kind: str, secret: str = SECRET, at: datetime | None = None, **data: Any) -> int:
        text = json.dumps({"type": kind, "data": data})
        headers = Signer([secret]).headers("cb_1", text, at or datetime.now(UTC))
        answer = client.post(
            "/webhooks/sms/", text, content_type="application/json", headers=headers
        )
        assert MARKER not in answer.content.decode()
        return answer.status_code

    return send


def received(**changes: Any) -> dict[str, Any]:
    return {"to": f"+{E164}", "from": "Bank", "text": MARKER, "id": "m-1", **changes}


def texts(stage: Cast) -> list[str]:
    found = inbox_queries.messages_of(stage.account.id, stage.line.id, timezone.now(), 10)
    return [message.text for message in found]


def test_a_message_is_its_holders_once(stage: Cast, post: Post) -> None:
    for _ in range(2):
        assert post("message.received", **received()) == 204
    assert texts(stage) == [MARKER]


def test_a_receipt_is_kept(post: Post) -> None:
    assert post("message.delivered", reference="r-7") == 204
    assert EarlyReceipt.objects.get().reference == "r-7"


def test_another_kind_is_passed_over(post: Post) -> None:
    assert post("message.read", reference="r-7") == 204
    assert not EarlyReceipt.objects.exists()


@pytest.mark.parametrize("late", [timedelta(minutes=6), -timedelta(minutes=6)])
def test_who_is_not_believed_is_not_read(stage: Cast, post: Post, late: timedelta) -> None:
    with structlog.testing.capture_logs() as lines:
        assert post("message.received", secret=OTHER_SECRET, **received()) == 403
        assert post("message.received", at=datetime.now(UTC) + late, **received()) == 403
    assert texts(stage) == []
    assert MARKER not in str(lines)


def test_no_signature_at_all(client: Client) -> None:
    answer = client.post("/webhooks/sms/", "{}", content_type="application/json")
    assert answer.status_code == 403


def test_what_cannot_be_read_is_named(client: Client, post: Post) -> None:
    assert post("message.received", **received(to=7)) == 400
    assert post("message.received", **received(sent_at="yesterday")) == 400


def test_a_large_body_is_refused(client: Client) -> None:
    answer = client.post("/webhooks/sms/", "x" * 300_000, content_type="application/json")
    assert answer.status_code == 413


def test_a_busy_number_is_asked_for_again(
    stage: Cast, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: int) -> None:
        raise OperationalError("lock timeout")

    with monkeypatch.context() as patch:
        patch.setattr(inventory, "share_number", busy)
        assert post("message.received", **received()) == 503
    assert post("message.received", **received()) == 204
    assert texts(stage) == [MARKER]


def test_without_a_secret_nobody_is_there(post: Post, settings: Any) -> None:
    settings.ENV = replace(settings.ENV, sms_secrets=())
    assert post("message.received", **received()) == 404


def test_only_post(client: Client) -> None:
    assert client.get("/webhooks/sms/").status_code == 405
