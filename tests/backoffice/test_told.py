"""Messages that did not arrive: staff see why, filter, and send again."""

import pytest
from django.test import Client

from keepline.messages import services as outbox
from keepline.messages.models import Delivery
from tests.cast import NOW, Cast
from tests.telling import tell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def letter(stage: Cast) -> Delivery:
    outbox.put_all([("line.blocked", stage.account.id, stage.line.id)], NOW)
    tell(NOW)
    Delivery.objects.update(outcome="refused", reason="550: no such mailbox")
    found: Delivery = Delivery.objects.get()
    return found


def test_staff_see_the_reason_and_no_address(letter: Delivery, olga: Client) -> None:
    page = olga.get("/backoffice/messages/").content.decode()
    assert "550: no such mailbox" in page
    assert "line.blocked" in page
    assert "alice@" not in page
    assert "550" not in olga.get("/backoffice/messages/?outcome=laid_aside").content.decode()
    assert "550" in olga.get("/backoffice/messages/?outcome=refused&channel=email").content.decode()


def test_it_is_sent_again(letter: Delivery, olga: Client) -> None:
    for _ in range(2):
        assert olga.post(f"/backoffice/messages/{letter.id}/again/").status_code == 302
    assert Delivery.objects.get().due_at is not None


def test_for_holders_it_does_not_exist(letter: Delivery, alice: Client) -> None:
    assert alice.get("/backoffice/messages/").status_code == 404
    assert alice.post(f"/backoffice/messages/{letter.id}/again/").status_code == 404
    assert Delivery.objects.get().due_at is None
