"""The pages of webhooks, for members and for staff; what is shown once is shown once."""

import re

import pytest
from django.test import Client

from keepline.accounts.models import Membership, Role
from keepline.messages import services as outbox
from keepline.messages.models import Delivery, WebhookEndpoint
from tests.cast import NOW, Cast, person
from tests.flows.endpoints import OPERATOR, connect, owner_of, receiver
from tests.sessions import signed_in
from tests.telling import tell

pytestmark = pytest.mark.django_db
LIST, STAFF = "/account/webhooks/", "/backoffice/webhooks/"
URL = "https://partner.example/hook"
SECRET = re.compile(r"whsec_[\w+/=]{20,}")


@pytest.fixture(autouse=True)
def webhooks(stage: Cast) -> None:
    connect()


@pytest.fixture
def staff(stage: Cast) -> Client:
    who = person("stella")
    who.is_staff = True
    who.save()
    return signed_in("stella@example.com")


def add(client: Client, address: str = LIST, **fields: object) -> str:
    """The page that the answer to the form is."""
    answer = client.post(address, {"url": URL, "name": "Shop", **fields})
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def own(owner: object = None) -> str:
    return f"{LIST if owner is None else owner}{WebhookEndpoint.objects.get().id}/"


def test_added_with_a_secret_that_is_shown_once(alice: Client) -> None:
    assert "No endpoints yet" in alice.get(LIST).content.decode()
    page = add(alice, kinds=["line.renewed", "line.expired"])
    assert len(set(SECRET.findall(page))) == 1
    for later in (alice.get(own()), alice.get(LIST)):
        assert not SECRET.findall(later.content.decode())
        assert "partner.example" in later.content.decode()
    assert WebhookEndpoint.objects.get().kinds == ["line.expired", "line.renewed"]


def test_a_refused_address_stays_in_the_form(alice: Client) -> None:
    answer = alice.post(LIST, {"url": "https://10.0.0.1/x", "name": "<b>"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="https://10.0.0.1/x"' in page
    assert "<b>" not in page.replace("<b>S", "")
    assert "Events cannot be sent to this address." in page


def test_the_buttons(stage: Cast, alice: Client) -> None:
    with receiver(owner_of(stage)) as program:
        page = f"{LIST}{program.id}/"
        assert "The test event was taken." in alice.post(page, {"do": "try"}).content.decode()
        rotated = alice.post(page, {"do": "rotate"}).content.decode()
        assert set(SECRET.findall(rotated)) != {program.secret}
        assert "The old secret signs as well until" in rotated
        assert alice.post(page, {"do": "off"}).status_code == 302
        assert "Switch on" in alice.get(page).content.decode()
        assert alice.post(page, {"do": "on"}).status_code == 302
        alice.post(page, {"do": "change", "name": "Till", "kinds": ["line.closed"]})
        assert WebhookEndpoint.objects.get().name == "Till"
        assert alice.post(page, {"do": "dance"}).status_code == 404
        assert alice.post(page, {"do": "remove"})["Location"] == LIST
    assert WebhookEndpoint.objects.count() == 0


def test_events_with_results_and_sending_again(stage: Cast, alice: Client) -> None:
    failing = b"HTTP/1.1 500 No\r\nContent-Length: 12\r\n\r\nsecret words"
    with receiver(owner_of(stage), failing) as program:
        outbox.put_all([("line.blocked", stage.account.id, stage.line.id)], NOW)
        tell(NOW)
        page = f"{LIST}{program.id}/"
        shown = alice.get(page).content.decode()
        assert "line.blocked" in shown
        assert "it answered 500" in shown
        assert "secret words" not in shown
        rows = Delivery.objects.filter(channel="webhook")
        rows.update(outcome="laid_aside", due_at=None)
        assert "given up" in alice.get(page).content.decode()
        again = {"do": "again", "delivery": str(rows.get().id)}
        assert "1 event is sent again." in alice.post(page, again, follow=True).content.decode()
        assert rows.get().due_at is not None
        for wrong in ("x", "", str(stage.line.id)):
            answer = alice.post(page, {"do": "again", "delivery": wrong}, follow=True)
            assert "There was nothing to send again." in answer.content.decode()
        rows.update(outcome="laid_aside", due_at=None)
        span = alice.post(page, {"do": "replay", "span": "day"}, follow=True)
        assert "1 event is sent again." in span.content.decode()


def test_strangers_and_lesser_roles(stage: Cast, alice: Client, charlie: Client) -> None:
    add(alice)
    for method in (charlie.get, charlie.post):
        assert method(own()).status_code == 404
    assert signed_in("bob@example.com").get(LIST).status_code == 403
    Membership.objects.filter(user=stage.bob).update(role=Role.MANAGE)
    assert signed_in("bob@example.com").get(LIST).status_code == 200
    assert Client().get(LIST).status_code == 302


def test_staff_have_the_operators_alone(stage: Cast, alice: Client, staff: Client) -> None:
    add(alice)
    assert staff.get(own(STAFF)).status_code == 404
    assert staff.post(own(STAFF), {"do": "rotate"}).status_code == 404
    assert "partner.example" not in staff.get(STAFF).content.decode()
    assert alice.get(STAFF).status_code == 404
    page = add(staff, STAFF)
    assert SECRET.findall(page)
    operators = WebhookEndpoint.objects.get(account_id__isnull=True)
    assert alice.get(f"{LIST}{operators.id}/").status_code == 404
    with receiver(OPERATOR) as program:
        page = staff.post(f"{STAFF}{program.id}/", {"do": "try"}).content.decode()
        assert "The test event was taken." in page
        assert staff.post(f"{STAFF}{program.id}/", {"do": "remove"})["Location"] == STAFF
