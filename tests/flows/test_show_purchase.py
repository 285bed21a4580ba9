"""show_purchase: numbers to choose, SIMs that are there, and the order as it will be accepted."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.catalog import queries as catalog
from keepline.flows import buy_line
from keepline.flows.errors import FlowRefused
from keepline.flows.hold_number import hold_number_for
from keepline.flows.list_numbers import SHOWN
from keepline.flows.show_purchase import show_purchase
from keepline.inventory.holding import HOLD_FOR
from keepline.inventory.models import Number, Profile
from keepline.orders.models import Order
from keepline.slots.ids import new_id
from tests import cast
from tests.cast import NOW
from tests.flows.buying import request, stocked
from tests.inventory import shelves

pytestmark = pytest.mark.django_db


def test_what_is_shown_is_what_is_bought() -> None:
    stage, numbers, _ = stocked()
    seen = show_purchase(stage.account.id, "keep-1m", NOW)
    assert {n.e164 for n in seen.numbers} == set(numbers)
    assert (seen.kept, seen.hindrance, seen.countries) == (None, "", [])
    assert [(s.kind, s.stocked) for s in seen.sims] == [("profile", True), ("card", False)]
    assert seen.offers_esim
    held = hold_number_for(stage.account.id, "keep-1m", seen.numbers[1].e164, NOW)
    shown = show_purchase(stage.account.id, "keep-1m", NOW, held.e164)
    assert (shown.kept, shown.numbers) == (held, [])
    assert shown.lifeline is not None
    assert [(o.use_wallet, o.wallet_minor, o.payment_minor) for o in shown.options] == [
        ("only", 300, 0),
        ("none", 0, 300),
    ]
    Profile.objects.update(matching_id="A-B", smdp_address="smdp.example.com")
    started = buy_line.start(request(stage, e164=held.e164), NOW)
    order = Order.objects.by_id(started.order_id)
    assert (order.stock or {})["number"] == held.e164
    assert order.total_minor == shown.preview.decision.quote.total_minor
    assert order.valid_until_after == shown.lifeline.valid_until


def test_a_number_that_is_not_kept_is_not_shown_as_ours() -> None:
    stage, (first, second, third), _ = stocked()
    held = hold_number_for(stage.account.id, "keep-1m", first, NOW)
    other = cast.account(stage.charlie)
    hold_number_for(other.id, "keep-1m", second, NOW)
    Number.objects.filter(e164=third).update(pool_id=None)
    for e164, now in (
        (second, NOW),  # Charlie's
        (third, NOW),  # of no pool
        (12345678, NOW),  # of nobody
        (held.e164, NOW + HOLD_FOR),  # for too long
    ):
        assert show_purchase(stage.account.id, "keep-1m", now, e164).kept is None
    Number.objects.filter(e164=first).update(line_id=new_id(1))  # bought already
    assert show_purchase(stage.account.id, "keep-1m", NOW, first).kept is None


def test_other_numbers_are_others_until_all_were_shown() -> None:
    stage, _, _ = stocked()
    shelves.numbers(shelves.pool("us", country="US"), 2 * SHOWN + 1, 12025550100)
    shelves.numbers(shelves.pool("fr", country="FR"), 1, 33612345678)

    def shown(page: int, country: str = "US") -> list[int]:
        seen = show_purchase(stage.account.id, "keep-1m", NOW, None, country, page)
        assert seen.countries == ["FR", "US"]
        return [number.e164 for number in seen.numbers]

    first, second, third = shown(0), shown(1), shown(2)
    assert (len(first), len(second), len(third)) == (SHOWN, SHOWN, 1)
    assert len({*first, *second, *third}) == 2 * SHOWN + 1
    assert shown(3) == first
    assert shown(0, "FR") == [33612345678]
    chosen = hold_number_for(stage.account.id, "keep-1m", None, NOW, country="FR")
    assert chosen.e164 == 33612345678
    kept = show_purchase(stage.account.id, "keep-1m", NOW, chosen.e164, "FR")
    assert (kept.kept, kept.hindrance) == (chosen, "")


def test_who_holds_the_last_one_can_buy_it() -> None:
    stage, numbers, _ = stocked()
    Number.objects.filter(e164__in=numbers[1:]).update(state="retired")
    held = hold_number_for(stage.account.id, "keep-1m", None, NOW)
    assert show_purchase(stage.account.id, "keep-1m", NOW, held.e164).hindrance == ""
    other = cast.account(stage.charlie)
    seen = show_purchase(other.id, "keep-1m", NOW)
    assert (seen.hindrance, seen.numbers) == ("sold_out", [])


def test_refusals() -> None:
    stage, _, _ = stocked()
    cast.plan("data", line_kind="country_esim", data_bytes=5)
    with pytest.raises(FlowRefused, match="number_not_needed"):
        hold_number_for(stage.account.id, "data", None, NOW)
    assert show_purchase(stage.account.id, "data", NOW).numbers == []
    for call in (hold_number_for, show_purchase):
        with pytest.raises(FlowRefused, match="plan_not_sold"):
            call(stage.account.id, "none-such", *((None,) if call is hold_number_for else ()), NOW)  # type: ignore[operator]


@pytest.mark.parametrize("pools", [0, 5])
def test_queries_do_not_grow(
    pools: int,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalog, "ON_SALE_FOR", timedelta(days=9999))  # no renewal of the cache
    stage, _, _ = stocked()
    for place in range(pools):
        shelves.numbers(shelves.pool(f"p{place}"), 3, shelves.FIRST + 100 * place + 100)
    show_purchase(stage.account.id, "keep-1m", NOW)
    with django_assert_num_queries(10):
        show_purchase(stage.account.id, "keep-1m", NOW)
