"""The page on which a holder gives a line up."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client

from keepline.inventory import services as inventory
from keepline.lines.models import Line, Validity
from tests.cast import NOW, Cast
from tests.inventory import shelves

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
