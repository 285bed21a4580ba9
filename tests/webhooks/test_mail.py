"""POST /webhooks/mail/: a mail service tells of what came back."""

from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from keepline.flows.telling.return_tokens import return_token
from keepline.gateways.messaging.return_path import return_path
from keepline.messages import services as outbox
from keepline.messages.models import Delivery
from keepline.messages.preferences import wishes_of
from tests.cast import Cast, assemble
from tests.gateways import dsn
from tests.gateways.sms_gateway_process import SECRET
from tests.telling import tell
from tests.webhooks.callbacks import Post, poster

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def secret(settings: Any) -> None:
    settings.ENV = replace(settings.ENV, bounce_secrets=(SECRET,))


@pytest.fixture
def stage() -> Cast:
    """Her line was blocked, and a letter told so."""
    found, now = assemble(), timezone.now()
    outbox.put_all([("line.blocked", found.account.id, found.line.id)], now)
    tell(now)
    assert Delivery.objects.get(channel="email").outcome == "sent"
    return found


@pytest.fixture
def post() -> Post:
    return poster("/webhooks/mail/", hidden="alice")


def own_path() -> str:
    letter = Delivery.objects.get(channel="email")
    return return_path("bounces@mail.example.com", return_token(letter.id, "alice@example.com"))


def returned(form: str = dsn.POSTFIX) -> str:
    return b64encode(dsn.returned(form, own_path())).decode()


def is_noted(stage: Cast) -> bool:
    refused = Delivery.objects.get(channel="email").outcome == "refused"
    assert refused == ("email" in wishes_of(stage.alice.pk).failing)
    return refused


def test_the_whole_mail(stage: Cast, post: Post) -> None:
    assert post("mail.returned", mail=returned()) == 204
    assert is_noted(stage)


def test_what_a_service_read_itself(stage: Cast, post: Post) -> None:
    said = "550 5.1.1 <alice@example.com> unknown"
    assert post("mail.bounced", return_path=own_path(), status="5.1.1", said=said) == 204
    assert is_noted(stage)
    assert "alice" not in Delivery.objects.get(channel="email").reason


@pytest.mark.parametrize(
    ("kind", "data", "wrong"),
    [
        ("mail.returned", {"mail": "not base64!"}, "mail"),
        ("mail.returned", {}, "mail"),
        ("mail.bounced", {"status": "5.1.1"}, "return_path"),
        ("mail.bounced", {"return_path": "x@example.com", "status": 5}, "status"),
    ],
)
def test_what_cannot_be_read(
    kind: str, data: dict[str, Any], wrong: str, stage: Cast, post: Post
) -> None:
    assert post(kind, **data) == 400
    assert not is_noted(stage)


def test_what_tells_of_nothing_of_ours_is_taken_all_the_same(stage: Cast, post: Post) -> None:
    assert post("mail.opened", return_path=own_path()) == 204
    assert post("mail.returned", mail=returned(dsn.DELAYED)) == 204
    elsewhere = return_path("bounces@mail.example.com", "a" * 47)
    assert post("mail.bounced", return_path=elsewhere, status="5.1.1") == 204
    assert not is_noted(stage)


def test_before_the_letter_is_noted_it_is_to_be_told_again(stage: Cast, post: Post) -> None:
    Delivery.objects.filter(channel="email").update(outcome="", due_at=timezone.now())
    assert post("mail.returned", mail=returned()) == 503
