"""The page on which a holder gives a line up."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction
from django.test import Client

from keepline.accounts.models import Membership, Role
from keepline.accounts.services import set_phone
from keepline.inventory import services as inventory
from keepline.lines.models import Line, Validity
from tests.cast import NOW, Cast
from tests.inventory import shelves
from tests.sessions import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(stage: Cast) -> str:
    (e164,) = shelves.numbers(shelves.pool(), 1)
    with transaction.atomic():
        inventory.assign(e164, stage.account.id, stage.line.id, NOW - timedelta(days=30))
    Line.objects.filter(slot=stage.account.slot, id=stage.line.id).update(e164=e164)
    return f"/lines/{stage.line.id}/close/"


def test_what_is_lost_is_said_before_and_done_after(alice: Client, page: str, stage: Cast) -> None:
    line = page.removesuffix("close/")
    assert f'href="{page}"' in alice.get(line).content.decode()
    offer = alice.get(page).content.decode()
    for said in ("10 days that you have paid for are lost", "8 July 2026", "6 September 2026"):
        assert said in offer
    answer = alice.post(page, follow=True)
    assert answer.redirect_chain == [(line, 302)]
    told = answer.content.decode()
    assert "The line is closed." in told
    assert "closed by its holder" in told
    assert f'href="{line}reclaim/"' in told
    assert f'href="{page}"' not in told
    again = alice.post(page)
    assert (again.status_code, "cannot be closed" in again.content.decode()) == (409, True)


def test_a_stranger_finds_nothing(charlie: Client, page: str, stage: Cast) -> None:
    assert charlie.get(page).status_code == 404
    assert charlie.post(page).status_code == 404
    assert Validity.objects.by_id(stage.line.id).state == "active"


def test_who_may_only_spend_cannot_close(page: str, stage: Cast) -> None:
    line = page.removesuffix("close/")
    for role, offered, status in ((Role.SPEND, False, 403), (Role.MANAGE, True, 200)):
        Membership.objects.filter(user=stage.bob).update(role=role)
        bob = signed_in("bob@example.com")
        assert (f'href="{page}"' in bob.get(line).content.decode()) is offered
        assert bob.get(page).status_code == status
        assert Validity.objects.by_id(stage.line.id).state == "active"
        answer = bob.post(page)
        assert answer.status_code == (302 if offered else 403)


def test_who_signs_in_with_the_number_is_warned(alice: Client, page: str, stage: Cast) -> None:
    said = "You sign in with this number"
    assert said not in alice.get(page).content.decode()
    set_phone(stage.alice, f"+{shelves.FIRST}", verified=True)
    assert said in alice.get(page).content.decode()
    EmailAddress.objects.filter(user=stage.alice).update(verified=False)
    refused = alice.get(page)
    assert refused.status_code == 409
    assert 'href="/accounts/email/"' in refused.content.decode()
    assert alice.post(page).status_code == 409
    assert Validity.objects.by_id(stage.line.id).state == "active"
    EmailAddress.objects.filter(user=stage.alice).update(verified=True)
    assert alice.post(page).status_code == 302
    account = alice.get("/account/").content.decode()
    assert "left you and opens nothing any more" in account
