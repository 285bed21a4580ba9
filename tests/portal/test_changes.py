"""The pages on which a line gets another number or SIM, is blocked as lost, and locked."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils.html import strip_tags

from keepline.accounts.services import note_contacts_changed, set_phone
from keepline.catalog import queries as catalog
from keepline.catalog.models import Policy
from keepline.flows.advance_order import advance
from keepline.inventory.models import Card, Number
from keepline.lines.models import Line, Validity
from keepline.orders.models import Order
from tests.cast import NOW, Cast
from tests.flows.changing import NEW, OLD, equip
from tests.flows.checking import demanded
from tests.identity import a_checker
from tests.portal.acts import KEY

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(stage: Cast) -> str:
    equip(stage, fee_minor=250)
    return f"/lines/{stage.line.id}/"


def body(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content[:300]
    return str(answer.content.decode())


def post(client: Client, url: str, **form: str) -> tuple[int, str, str]:
    answer = client.post(url, {"key": KEY, "expected_fee_minor": "250"} | form)
    return answer.status_code, answer.content.decode(), answer.headers.get("Location", "")


def test_another_number_is_chosen_paid_and_proved(alice: Client, line: str) -> None:
    assert f'href="{line}number/"' in body(alice, line)
    page = body(alice, f"{line}number/")
    for said in ("+44 7700 900001", "US$2.50", "US$10.00", "cannot be had back", "180 days"):
        assert said in page
    status, _, location = post(alice, f"{line}number/", e164=str(NEW))
    order = Order.objects.get(kind="new_number")
    assert (status, location) == (302, f"/orders/{order.id}/")
    assert post(alice, f"{line}number/", e164=str(NEW))[2] == location, "a second click"
    advance(order.id, "en", NOW)
    proof = body(alice, location)
    for said in ("Your number is +44 7700 900001", "+44 7700 900000 is not yours any more"):
        assert said in proof
    assert "Change of number" in body(alice, line)
    assert "a short while ago" in body(alice, f"{line}number/")


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"key": ""}, 400, "Idempotency-Key"),
        ({"expected_fee_minor": "1"}, 409, "price has changed"),
        ({"expected_fee_minor": "-1"}, 409, "price has changed"),
        ({"e164": "1; drop"}, 409, "just chosen this number"),
        ({"e164": str(OLD)}, 409, "just chosen this number"),
    ],
)
def test_wrong_input_changes_nothing(
    alice: Client, line: str, form: dict[str, str], status: int, says: str
) -> None:
    answered, page, _ = post(alice, f"{line}number/", **form)
    assert (answered, says in page) == (status, True)
    assert not Number.objects.filter(state="held").exists()


def test_a_plan_without_changes_has_no_such_page(alice: Client, line: str) -> None:
    Policy.objects.update(number_change_fee_minor={})
    catalog.forget()
    assert f'href="{line}number/"' not in body(alice, line)
    page = body(alice, f"{line}number/")
    assert "cannot be changed" in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]


def test_the_card_in_the_hand(alice: Client, line: str, stage: Cast) -> None:
    iccid = Line.objects.by_id(stage.line.id).iccid
    assert f'href="{line}sim/"' in body(alice, line)
    assert "ICCID" in body(alice, f"{line}sim/")
    form = {"sim": "card", "expected_fee_minor": "0"}
    assert post(alice, f"{line}sim/", iccid="123", **form)[0] == 409
    assert post(alice, f"{line}sim/", sim="both", expected_fee_minor="0")[0] == 422
    other = Card.objects.filter(state="available").order_by("iccid").first().iccid  # type: ignore[union-attr]
    spaced = f"{other[:4]} {other[4:]}"
    status, _, location = post(alice, f"{line}sim/", iccid=spaced, **form)
    assert status == 302
    order = Order.objects.get(kind="new_sim")
    advance(order.id, "en", NOW)
    assert "on its new SIM" in body(alice, location)
    assert Line.objects.by_id(stage.line.id).iccid == other != iccid


def test_lost_and_found(alice: Client, line: str, stage: Cast) -> None:
    assert "Lost or stolen?" in body(alice, line)
    blocked = alice.post(f"{line}block/", follow=True).content.decode()
    assert "The line is blocked" in blocked
    assert "Blocked as lost or stolen." in blocked
    assert Validity.objects.by_id(stage.line.id).state == "blocked"
    assert "cannot be changed so" in alice.post(f"{line}block/", follow=True).content.decode()
    assert "is unblocked" in alice.post(f"{line}unblock/", follow=True).content.decode()
    assert Validity.objects.by_id(stage.line.id).state == "active"


def test_the_lock(alice: Client, line: str) -> None:
    assert (
        "Locked against changes"
        in alice.post(f"{line}lock/", {"wanted": "locked"}, follow=True).content.decode()
    )
    assert "locked by its holder" in body(alice, f"{line}number/")
    assert post(alice, f"{line}number/")[0] == 409
    opening = alice.post(f"{line}lock/", {"wanted": "open"}, follow=True).content.decode()
    assert "The lock is opening" in opening
    assert "11 March 2026" in opening


def test_a_stranger_finds_nothing(charlie: Client, line: str) -> None:
    for page in ("number", "sim"):
        assert charlie.get(f"{line}{page}/").status_code == 404
        assert post(charlie, f"{line}{page}/", sim="profile")[0] == 404
    for act in ("block", "unblock", "lock"):
        assert charlie.post(f"{line}{act}/").status_code == 404


def test_after_new_contacts_everything_waits(alice: Client, line: str, stage: Cast) -> None:
    note_contacts_changed(stage.alice, NOW - timedelta(hours=20))
    for page, form in (("number", {"e164": str(NEW)}), ("sim", {"sim": "profile"})):
        shown = strip_tags(alice.get(f"{line}{page}/").content.decode())
        for said in ("were replaced lately", "It can be done from 10 March 2026, 16:00 on."):
            assert said in shown
        status, said, _ = post(alice, f"{line}{page}/", **form)
        assert (status, "were replaced lately" in said) == (409, True)
    assert not Order.objects.filter(kind__in=("new_number", "new_sim")).exists()


def test_who_signs_in_with_the_number_is_warned(alice: Client, line: str, stage: Cast) -> None:
    said = "You sign in with this number"
    assert said not in body(alice, f"{line}number/")
    set_phone(stage.alice, f"+{OLD}", verified=True)
    assert said in body(alice, f"{line}number/")
    EmailAddress.objects.filter(user=stage.alice).update(verified=False)
    page = alice.get(f"{line}number/").content.decode()
    assert 'href="/accounts/email/"' in page
    assert post(alice, f"{line}number/", e164=str(NEW))[0] == 409
    EmailAddress.objects.filter(user=stage.alice).update(verified=True)
    post(alice, f"{line}number/", e164=str(NEW))
    advance(Order.objects.get(kind="new_number").id, "en", NOW)
    stage.alice.refresh_from_db()
    assert (stage.alice.phone, stage.alice.former_phone) == (None, f"+{OLD}")


def test_a_check_of_who_one_is_that_is_missing_is_a_link_away(alice: Client, line: str) -> None:
    demanded()
    with a_checker():
        page = body(alice, f"{line}number/")
    assert "show who they are" in page
    assert 'href="/account/identity/"' in page
