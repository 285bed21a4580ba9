"""list_shop: what can be bought, taxed for its buyer, and honestly what cannot be bought now."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.catalog.models import Carrier, Region
from keepline.flows.list_shop import Shop, list_shop
from keepline.gateways import switchboard
from keepline.inventory.models import Number, Profile
from tests import cast
from tests.cast import NOW, Cast
from tests.flows.buying import stocked
from tests.inventory import shelves

pytestmark = pytest.mark.django_db


def hindrances(shop: Shop) -> dict[str, str]:
    return {p.offer.code: p.hindrance for family in shop.families for p in family.plans}


def region(code: str, *countries: str) -> Region:
    made: Region = Region.objects.create(code=code, name={"en": code}, countries=list(countries))
    return made


def test_families_plans_and_prices() -> None:
    stage, _, _ = stocked()
    cast.plan("eu", line_kind="travel_sim", region=region("eu", "DE", "FR"), price_minor=900)
    cast.plan("fr", line_kind="country_esim", region=region("fr", "FR"), data_bytes=5)
    cast.plan("dear", price_minor=200, tax_rate_ppm=500_000, tax_inclusive=False, term="P1Y")
    cast.plan("pounds", line_kind="local_data_sim", currency="GBP")
    cast.plan("gone", sold_until_at=NOW - timedelta(days=1))
    shop = list_shop(stage.account.id, NOW)
    assert [(f.kind, len(f.plans)) for f in shop.families] == [
        ("travel_sim", 1),
        ("country_esim", 1),
        ("local_data_sim", 0),  # in another currency it is
        ("keep_alive", 2),
    ]
    assert shop.families[3].cheapest == shop.families[3].plans[0].quote
    assert shop.families[3].plans[1].quote.total_minor == 300
    assert (shop.plans, shop.countries, shop.on_sale) == ([], ["DE", "FR"], True)
    assert [p.offer.code for p in list_shop(stage.account.id, NOW, "travel_sim").plans] == ["eu"]
    in_france = list_shop(stage.account.id, NOW, country="FR").plans
    assert [p.offer.code for p in in_france] == ["eu", "fr"]
    assert list_shop(stage.account.id, NOW, "country_esim", "DE").plans == []


def test_nothing_in_the_buyers_currency() -> None:
    stage = cast.assemble()
    poor = cast.account(stage.charlie, "CHF")
    shop = list_shop(poor.id, NOW)
    assert (shop.on_sale, [f.plans for f in shop.families]) == (False, [[]])


def test_sold_out_and_back_again_when_a_hold_has_run_out() -> None:
    stage, numbers, _ = stocked()
    assert hindrances(list_shop(stage.account.id, NOW)) == {"keep-1m": ""}
    held = Number.objects.filter(e164__in=numbers)
    held.update(state="held", account_id=stage.account.id, until_at=NOW + timedelta(minutes=1))
    assert hindrances(list_shop(stage.account.id, NOW)) == {"keep-1m": "sold_out"}
    assert list_shop(stage.account.id, NOW).families[0].hindrance == "sold_out"
    later = NOW + timedelta(minutes=1)
    assert hindrances(list_shop(stage.account.id, later)) == {"keep-1m": ""}
    Profile.objects.update(state="unavailable")
    assert hindrances(list_shop(stage.account.id, later)) == {"keep-1m": "sold_out"}
    shelves.cards(shelves.pool("plastic", "card"), 1)  # a card will do as well
    assert hindrances(list_shop(stage.account.id, later)) == {"keep-1m": ""}


def test_stock_of_another_carrier_or_country_does_not_count() -> None:
    stage = cast.assemble()
    ours, theirs = (
        Carrier.objects.create(code=code, name=code, country="GB") for code in ("ours", "theirs")
    )
    british = region("gb", "GB")
    cast.plan("number", line_kind="virtual_number", carrier=ours, region=british)
    shelves.numbers(shelves.pool("theirs", carrier=theirs), 2)
    shelves.numbers(shelves.pool("french", country="FR"), 2, shelves.FIRST + 100)
    assert hindrances(list_shop(stage.account.id, NOW))["number"] == "sold_out"
    shelves.numbers(shelves.pool("right", carrier=ours, country="GB"), 1, shelves.FIRST + 200)
    assert hindrances(list_shop(stage.account.id, NOW))["number"] == ""


def test_without_a_network_only_bare_numbers_are_sold() -> None:
    stage, _, _ = stocked()
    cast.plan("number", line_kind="virtual_number")
    switchboard._factories.pop("network")
    assert hindrances(list_shop(stage.account.id, NOW)) == {
        "keep-1m": "no_network",
        "number": "",
    }


@pytest.mark.parametrize("plans", [0, 7])
def test_queries_do_not_grow(plans: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    stage: Cast = stocked()[0]
    for place in range(plans):
        cast.plan(f"p{place}", region=region(f"r{place}", "DE"))
        shelves.numbers(shelves.pool(f"more{place}"), 1, shelves.FIRST + 100 + place)
    with django_assert_num_queries(5):
        list_shop(stage.account.id, NOW, "keep_alive")
