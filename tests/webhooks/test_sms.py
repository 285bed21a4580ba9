"""POST /webhooks/sms/: kept once, and as silent as it can be."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from keepline.inventory import services as inventory
from keepline.messages import inbox_queries
from keepline.messages.heard_models import EarlyReceipt
from tests.cast import Cast, assemble
from tests.flows.inboxes import E164, MARKER, numbered
from tests.gateways.sms_gateway_process import SECRET
from tests.webhooks.callbacks import Post, poster

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def secret(settings: Any) -> None:
    settings.ENV = replace(settings.ENV, sms_secrets=(SECRET,))


@pytest.fixture
def stage() -> Cast:
    return numbered(assemble())


@pytest.fixture
def post() -> Post:
    return poster("/webhooks/sms/", hidden=MARKER)


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


def test_what_cannot_be_read_is_named(post: Post) -> None:
    assert post("message.received", **received(to=7)) == 400
    assert post("message.received", **received(sent_at="yesterday")) == 400


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
