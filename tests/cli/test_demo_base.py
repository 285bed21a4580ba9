"""The demo base: built once, through the same flows, with books that agree."""

from datetime import timedelta

import pytest
from django.test import Client

from keepline.cli.demo_base import load
from keepline.cli.demo_people import SIGN_INS
from keepline.flows.audit_books import audit
from keepline.inventory.models import Number
from keepline.lines.models import Line
from keepline.orders.models import Order
from tests.cast import NOW

pytestmark = pytest.mark.django_db


def test_twice_builds_once_and_the_books_agree() -> None:
    load(NOW)
    before = Line.objects.count(), Order.objects.count()
    load(NOW)
    assert (Line.objects.count(), Order.objects.count()) == before
    assert before[0] == 9
    rests = Number.objects.get(state="quarantine")
    assert rests.reclaim_until is not None
    assert rests.reclaim_until > NOW + timedelta(days=60)
    assert set(Line.objects.values_list("kind", flat=True)) == {
        "virtual_number",
        "travel_sim",
        "country_esim",
        "local_data_sim",
        "keep_alive",
    }
    assert list(audit(NOW)) == []


@pytest.mark.parametrize(("who", "login", "password"), SIGN_INS)
def test_everybody_announced_can_sign_in(
    client: Client, who: str, login: str, password: str
) -> None:
    load(NOW)
    answer = client.post("/accounts/login/", {"login": login, "password": password})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    start = client.get("/")
    if "operator" in who:
        assert (start.status_code, start["Location"]) == (302, "/backoffice/future/")
    else:
        assert start.status_code == 200
