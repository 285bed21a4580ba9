"""The tax of an account's offers, and what they cost the database."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from keepline.accounts.models import Account
from keepline.catalog.queries import Tariff, offer_on_sale
from keepline.catalog.taxes import taxed, taxed_tariff, treatment_for, treatments
from keepline.core.pricing import price_of
from tests.cast import NOW, Cast, assemble, plan
from tests.taxing import rate, taxes

pytestmark = pytest.mark.django_db
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
RATES = {"DE": (rate(19, SINCE),), "US": (rate(7, SINCE, inclusive=False),)}


@pytest.fixture
def stage() -> Cast:
    return assemble()


def live_in(cast: Cast, country: str) -> None:
    Account.objects.filter(id=cast.account.id).update(country=country)


def test_a_holders_country_replaces_the_plans_tax(stage: Cast) -> None:
    offer = offer_on_sale(stage.plan.code, "USD", NOW)
    assert offer is not None
    with taxes("holder", RATES):
        for country, total, tax in (("", 300, 0), ("DE", 300, 48), ("US", 321, 21), ("FR", 300, 0)):
            live_in(stage, country)
            price = price_of(taxed(offer, treatment_for(stage.account.id, NOW)))
            assert (price.total_minor, price.tax_minor) == (total, tax), country


def test_what_nobody_asks_costs_no_query(
    stage: Cast, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_num_queries(0):
        assert treatment_for(stage.account.id, NOW) is None
        with taxes("seller", RATES, "DE"):
            assert treatment_for(stage.account.id, NOW) is not None
            assert treatments(NOW).keys() == {""}
    with taxes("holder", RATES), django_assert_num_queries(1):
        assert treatment_for(stage.account.id, NOW) is None
        assert treatments(NOW).keys() == {"DE", "US"}


def test_a_raised_rate_is_no_dearer_plan_and_a_dearer_plan_is(stage: Cast) -> None:
    old = offer_on_sale(stage.plan.code, "USD", NOW)
    plan("other", price_minor=310, tax_rate_ppm=100_000, tax_inclusive=True)
    new = offer_on_sale("other", "USD", NOW)
    assert old is not None
    assert new is not None
    live_in(stage, "US")
    with taxes("holder", RATES):
        tax = treatment_for(stage.account.id, NOW)
        assert not taxed_tariff(Tariff(old, old), tax).dearer
        assert taxed_tariff(Tariff(old, new), tax).dearer
