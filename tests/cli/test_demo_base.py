"""The demo base: built once, through the same flows, with books that agree."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from keepline.catalog import queries as catalog
from keepline.cli.demo_base import load
from keepline.cli.demo_people import SIGN_INS
from keepline.cli.demo_smdp import _fill
from keepline.cli.demo_stock import load_stock
from keepline.core.parts import parts_of
from keepline.flows.audit_books import audit
from keepline.gateways.esim.es2plus.fake.store import open_store
from keepline.inventory import holding
from keepline.inventory import queries as stock
from keepline.inventory.models import Card, Number, Profile
from keepline.lines.models import Line
from keepline.messages.models import ReceivedMessage, UnclaimedDay
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
    assert ReceivedMessage.objects.count() == 7
    assert UnclaimedDay.objects.get().messages == 1  # its number rests
    assert list(audit(NOW)) == []


def test_every_plan_on_sale_has_stock_and_the_fake_has_its_profiles(tmp_path: Path) -> None:
    load(NOW)
    load_stock(NOW, ordered=True)
    shelves = {"number": Number, "card": Card, "profile": Profile}
    offers = catalog.offers_on_sale("USD", None, NOW, 1000)
    assert len({offer.line_kind for offer in offers}) == 5
    for offer in offers:
        parts = parts_of(offer.line_kind, offer.allowance)
        countries = catalog.countries_of(offer.region_id)
        for kind in (*(["number"] if parts.number else []), *parts.sims):
            carriers = offer.carriers or (None,)
            pools = {pool for c in carriers for pool in stock.pools_for(kind, c, countries)}
            free = sum(holding.free(shelves[kind], pool).count() for pool in pools)
            assert free >= 20, f"{offer.code} has {free} of {kind}"
    _fill(tmp_path)
    store = open_store(tmp_path)
    there = {
        row["iccid"]: row["matching_id"] or "" for row in store.execute("SELECT * FROM profiles")
    }
    store.close()
    assert there == dict(Profile.objects.values_list("iccid", "matching_id"))


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
