"""Messages on a device: the page, what a browser hands over, and what lies in the database."""

import pytest
from django.test import Client

from keepline.accounts.models import Membership, Role, User
from keepline.audit.models import AuditEvent
from keepline.gateways import switchboard
from keepline.gateways.messaging.push_keys import new_private_key, public_key_of
from keepline.gateways.messaging.web_push import WebPush
from keepline.gateways.outside.calling import OutsideCaller
from keepline.gateways.outside.places import Reach
from keepline.messages import browsers as kept
from keepline.messages.models import PushSubscription
from tests.cast import Cast
from tests.gateways.test_web_push import Browser
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db
KEY = new_private_key()
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


@pytest.fixture(autouse=True)
def push() -> None:
    caller = OutsideCaller(Reach())
    switchboard.connect("push", lambda: WebPush(KEY, "mailto:ops@carrier.example", Reach(), caller))


def given(place: str = "abc") -> dict[str, str]:
    return Browser().given(f"https://push.example/send/{place}")


def subscribe(client: Client, fields: dict[str, str]) -> int:
    answer = client.post("/account/devices/on/", fields, headers={"User-Agent": PHONE})
    return answer.status_code


def rows_of(user: User) -> int:
    return PushSubscription.objects.filter(user=user).count()


def test_the_page_offers_the_key_and_lists_devices(stage: Cast, alice: Client) -> None:
    page = alice.get("/account/devices/").content.decode()
    assert f'data-push="{public_key_of(KEY)}"' in page
    assert KEY not in page
    assert subscribe(alice, given()) == 204
    assert "Chrome on Android" in alice.get("/account/devices/").content.decode()


def test_where_a_browser_is_reached_lies_sealed(stage: Cast, alice: Client) -> None:
    fields = given()
    subscribe(alice, fields)
    row = PushSubscription.objects.get()
    stored = f"{row.sealed}{bytes(row.digest)!r}{row.browser}"
    assert all(part not in stored for part in (*fields.values(), "push.example"))
    (to,) = kept.among([stage.alice.pk])[stage.alice.pk]
    assert {"endpoint": to.endpoint, "p256dh": to.p256dh, "auth": to.auth} == fields


def test_the_same_browser_again_is_one_row(stage: Cast, alice: Client) -> None:
    fields = given()
    assert [subscribe(alice, fields), subscribe(alice, fields)] == [204, 204]
    assert rows_of(stage.alice) == 1
    assert AuditEvent.objects.filter(action="browser.subscribed").count() == 1


def test_a_browser_shows_messages_of_who_signed_in_last(
    stage: Cast, alice: Client, charlie: Client
) -> None:
    fields = given()
    subscribe(alice, fields)
    subscribe(charlie, fields)
    assert (rows_of(stage.alice), rows_of(stage.charlie)) == (0, 1)


def test_nobody_has_more_than_ten(stage: Cast, alice: Client) -> None:
    for place in range(12):
        subscribe(alice, given(str(place)))
    assert rows_of(stage.alice) == kept.MOST


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "https://127.0.0.1/"},
        {"endpoint": "http://push.example/"},
        {"endpoint": ""},
        {"p256dh": "AAAA"},
        {"auth": "x\x00y"},
    ],
)
def test_what_no_browser_gives_changes_nothing(
    stage: Cast, alice: Client, wrong: dict[str, str]
) -> None:
    assert subscribe(alice, {**given(), **wrong}) == 422
    assert PushSubscription.objects.count() == 0


def test_switched_off_by_the_browser_or_from_the_list(
    stage: Cast, alice: Client, charlie: Client
) -> None:
    first, second = given("1"), given("2")
    subscribe(alice, first)
    subscribe(alice, second)
    assert charlie.post("/account/devices/off/", first).status_code == 204
    assert rows_of(stage.alice) == 2
    assert alice.post("/account/devices/off/", first).status_code == 204
    row = PushSubscription.objects.get()
    assert charlie.post(f"/account/devices/{row.pk}/remove/").status_code == 404
    assert alice.post(f"/account/devices/{row.pk}/remove/").status_code == 302
    assert rows_of(stage.alice) == 0


@pytest.mark.parametrize("role", Role)
def test_a_members_devices_are_theirs_whatever_the_role(
    stage: Cast, alice: Client, role: Role
) -> None:
    Membership.objects.filter(user=stage.bob).update(role=role)
    bob, hers, his = signed_in("bob@example.com"), given("hers"), given("his")
    subscribe(alice, hers)
    row = PushSubscription.objects.get()
    assert bob.post(f"/account/devices/{row.pk}/remove/").status_code == 404
    assert bob.post("/account/devices/off/", hers).status_code == 204
    assert rows_of(stage.alice) == 1, "of the same account, and still not his"
    assert subscribe(bob, his) == 204
    assert bob.post("/account/devices/off/", his).status_code == 204
    assert subscribe(bob, his) == 204
    own = PushSubscription.objects.get(user=stage.bob)
    assert bob.post(f"/account/devices/{own.pk}/remove/").status_code == 302
    assert (rows_of(stage.alice), rows_of(stage.bob)) == (1, 0)


def test_without_a_key_it_is_not_offered(
    stage: Cast, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(switchboard._factories, "push")
    page = alice.get("/account/devices/").content.decode()
    assert "data-push" not in page
    assert subscribe(alice, given()) == 409


def test_strangers_and_forged_forms_do_nothing(stage: Cast) -> None:
    assert Client().post("/account/devices/on/", given()).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(stage.alice)
    assert strict.post("/account/devices/on/", given()).status_code == 403
    assert PushSubscription.objects.count() == 0
