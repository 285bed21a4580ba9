"""list_currencies: what plans are sold in, and where money of an account may lie."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from pytest_django import DjangoAssertNumQueries

from keepline.catalog.models import Plan, PlanPrice
from keepline.flows import top_up_wallet
from keepline.flows.correct_profile import correct_profile
from keepline.flows.errors import FlowRefused
from keepline.flows.list_currencies import has_currency, list_currencies
from keepline.ledger import services as ledger
from tests.cast import NOW, account, assemble, person, plan

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_without_a_catalogue_the_shipped_ones() -> None:
    assert list_currencies(NOW) == settings.CURRENCIES


def test_what_most_plans_are_sold_in_comes_first(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    first = plan("first", currency="JPY", price_minor=500)
    plan("second", currency="JPY", price_minor=700)
    PlanPrice.objects.create(plan=first, currency="KWD", price_minor=1500)
    with django_assert_num_queries(1):
        assert list(list_currencies(NOW)) == ["JPY", "KWD"]
        assert list(list_currencies(NOW)) == ["JPY", "KWD"]
    Plan.objects.filter(code="first").update(sold_until_at=NOW)
    assert list(list_currencies(NOW + HOUR)) == ["JPY"]


def test_a_profile_is_in_a_currency_that_is_sold() -> None:
    dora = person("dora")
    own = account(dora, "JPY")
    same: dict[str, Any] = {"name": "Dora", "language": "en", "time_zone": "UTC", "now": NOW}
    plan("in-dinars", currency="KWD")
    assert correct_profile(dora, own.id, currency="JPY", **same) == [], "it may stay"
    with pytest.raises(ValidationError, match="currency"):
        correct_profile(dora, own.id, currency="EUR", **same)
    assert correct_profile(dora, own.id, currency="KWD", **same) == ["currency"]
    assert has_currency(own.id, "JPY", NOW), "its wallet is there still"


def test_money_lies_where_something_is_sold_or_where_it_came() -> None:
    cast = assemble()
    assert has_currency(cast.account.id, "USD", NOW)
    assert not has_currency(cast.account.id, "JPY", NOW)
    asked = top_up_wallet.TopUpRequest(
        cast.account.id, 1000, "JPY", "sandbox", "key-0001", "user:1", "portal"
    )
    for currency in ("JPY", "XXX"):
        with pytest.raises(FlowRefused, match="not_found"):
            top_up_wallet.start(replace(asked, currency=currency), NOW)
    ledger.open_wallet(cast.account.id, "JPY")
    assert has_currency(cast.account.id, "JPY", NOW)
    assert top_up_wallet.start(asked, NOW).first
