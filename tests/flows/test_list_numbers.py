"""list_numbers: a handful of what is free, others on the next page, none that would be refused."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.catalog import queries as catalog
from keepline.flows.errors import FlowRefused
from keepline.flows.hold_number import hold_number_for
from keepline.flows.list_numbers import SHOWN, FreeNumber, list_numbers
from tests import cast
from tests.cast import NOW
from tests.flows.buying import stocked
from tests.inventory import shelves

pytestmark = pytest.mark.django_db


def test_what_is_listed_can_be_held() -> None:
    stage, numbers, _ = stocked()
    shown = list_numbers(stage.account.id, "keep-1m", "USD", NOW)
    assert {each.e164 for each in shown} == set(numbers)
    for each in shown:
        assert hold_number_for(stage.account.id, "keep-1m", each.e164, NOW).e164 == each.e164
    assert list_numbers(stage.account.id, "keep-1m", "USD", NOW) == []


def test_by_country_and_page() -> None:
    stage, _, _ = stocked()
    shelves.numbers(shelves.pool("us", country="US"), SHOWN + 1, 12025550100)
    shelves.numbers(shelves.pool("fr", country="FR"), 1, 33612345678)
    french = list_numbers(stage.account.id, "keep-1m", "USD", NOW, "FR")
    assert french == [FreeNumber(33612345678, "FR")]
    pages = [list_numbers(stage.account.id, "keep-1m", "USD", NOW, "US", n) for n in range(2)]
    assert [len(page) for page in pages] == [SHOWN, 1]
    assert set(pages[0]).isdisjoint(pages[1])
    assert list_numbers(stage.account.id, "keep-1m", "USD", NOW, "DE") == []


def test_how_long_nobody_has_had_it() -> None:
    stage, _, _ = stocked()
    since = NOW - timedelta(days=100)
    shelves.numbers(shelves.pool("fr", country="FR"), 1, 33612345678, rested_since=since)
    (french,) = list_numbers(stage.account.id, "keep-1m", "USD", NOW, "FR")
    assert french.unused_since == since


def test_refusals() -> None:
    stage, _, _ = stocked()
    cast.plan("data", line_kind="country_esim", data_bytes=5)
    for code, currency, why in (
        ("data", "USD", "number_not_needed"),
        ("none-such", "USD", "plan_not_sold"),
        ("keep-1m", "CHF", "plan_not_sold"),
    ):
        with pytest.raises(FlowRefused, match=why):
            list_numbers(stage.account.id, code, currency, NOW)


def test_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    stage, _, _ = stocked()
    catalog.offer_on_sale("keep-1m", "USD", NOW)
    with django_assert_num_queries(2):
        list_numbers(stage.account.id, "keep-1m", "USD", NOW)
