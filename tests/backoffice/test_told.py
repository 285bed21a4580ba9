"""Messages that did not arrive: staff see why, filter, and send again."""

import pytest
from django.test import Client

from keepline.messages import services as outbox
from keepline.messages.models import Delivery
from tests import cast
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
    for query, shown in (("outcome=laid_aside", False), ("outcome=refused&channel=email", True)):
        page = olga.get(f"/backoffice/messages/?{query}").content.decode()
        assert ("550: no such mailbox" in page) is shown


def test_it_is_sent_again(letter: Delivery, olga: Client) -> None:
    for _ in range(2):
        assert olga.post(f"/backoffice/messages/{letter.id}/again/").status_code == 302
    assert Delivery.objects.get().due_at is not None


def test_of_a_line_staff_see_all_that_was_told(stage: Cast, olga: Client) -> None:
    """What arrived too: of the line, or of all of its account."""
    other = cast.line(stage.account, stage.plan)
    told = [("line.blocked", stage.line.id), ("line.locked", other.id)]
    outbox.put_all([(kind, stage.account.id, line_id) for kind, line_id in told], NOW)
    tell(NOW)
    Delivery.objects.update(outcome="delivered", sent_at=NOW, due_at=None)
    url = f"/backoffice/lines/{stage.line.id}/messages/"
    assert url in olga.get(f"/backoffice/lines/{stage.line.id}/").content.decode()
    of_line = olga.get(url).content.decode()
    for said in ("Your line is blocked", "delivered", "Alice"):
        assert said in of_line
    for unsaid in ("alice@", "SIM of your line are locked", "Send again"):
        assert unsaid not in of_line
    of_all = olga.get(f"{url}?all").content.decode()
    assert "Your line is blocked" in of_all
    assert "SIM of your line are locked" in of_all


def test_from_there_it_is_sent_again(stage: Cast, letter: Delivery, olga: Client) -> None:
    url = f"/backoffice/lines/{stage.line.id}/messages/"
    assert "Send again" in olga.get(url).content.decode()
    answer = olga.post(f"/backoffice/messages/{letter.id}/again/", {"line": str(stage.line.id)})
    assert answer["Location"] == url
    assert Delivery.objects.get().due_at is not None


def test_for_holders_it_does_not_exist(letter: Delivery, alice: Client) -> None:
    assert alice.get("/backoffice/messages/").status_code == 404
    assert alice.get(f"/backoffice/lines/{letter.line_id}/messages/").status_code == 404
    assert alice.post(f"/backoffice/messages/{letter.id}/again/").status_code == 404
    assert Delivery.objects.get().due_at is None
