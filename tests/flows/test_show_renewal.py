"""show_renewal: what is seen before paying is what is charged and given."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.catalog import queries as catalog
from keepline.core.exchange import Exchange
from keepline.core.money import Money
from keepline.core.ways_to_pay import Way
from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.list_exchanges import ExchangeOffer
from keepline.flows.show_order import show_order
from keepline.flows.show_renewal import pay_options, show_renewal
from tests import cast
from tests.cast import NOW, assemble
from tests.flows.acts import request

pytestmark = pytest.mark.django_db


def test_the_preview_equals_the_receipt() -> None:
    stage = assemble(data_bytes=700, tax_rate_ppm=190_000)
    _, order = show_renewal(stage.line.id, stage.account.id, stage.plan.code, NOW)
    assert order is not None
    proof = show_order(renew_line.start(request(stage), NOW).order_id, stage.account.id, NOW)
    price = order.preview.decision.quote
    assert proof.order.total_minor == price.total_minor
    assert proof.order.tax_minor == price.tax_minor
    assert proof.order.valid_until_before == order.preview.line.valid_until
    assert proof.order.valid_until_after == order.preview.decision.period.end_at
    assert proof.buckets_before == order.preview.buckets_before.as_facts()
    assert proof.buckets_after == order.preview.buckets_after.as_facts()
    assert order.line.lifeline is not None
    assert order.line.lifeline.preview_until == proof.order.valid_until_after


@pytest.mark.parametrize(
    ("free_minor", "ways"),
    [
        (0, [("none", 0, 300)]),
        (100, [("part", 100, 200), ("none", 0, 300)]),
        (300, [("only", 300, 0), ("none", 0, 300)]),
    ],
)
def test_ways_to_pay(free_minor: int, ways: list[tuple[str, int, int]]) -> None:
    card = [Way("sandbox", ("card",))]
    options = pay_options(300, free_minor, lambda _amount: card)
    assert [(o.use_wallet, o.wallet_minor, o.payment_minor) for o in options] == ways


def test_other_currencies_come_after_the_prices_own() -> None:
    card = [Way("sandbox", ("card",))]

    def in_yen(minor: int) -> list[ExchangeOffer]:
        agreed = Exchange(Money(minor + 1, "JPY"), Decimal("1.5"), NOW.date(), "a bank")
        return [ExchangeOffer(agreed, card)]

    options = pay_options(300, 100, lambda _amount: card, exchanges_for=in_yen)
    assert [option.code for option in options] == [
        "part:sandbox",
        "part:sandbox:JPY:201",
        "none:sandbox",
        "none:sandbox:JPY:301",
    ]


def test_without_a_plan_there_is_no_order_yet() -> None:
    stage = assemble()
    choices, order = show_renewal(stage.line.id, stage.account.id, "", NOW)
    assert order is None
    assert len(choices.choices) == 1


def test_refusals() -> None:
    stage = assemble()
    cast.plan("travel", line_kind="travel_sim")
    for line_account, code, why in (
        (stage.account, "travel", "plan_not_for_line"),
        (stage.account, "no-such", "plan_not_for_line"),
        (stage.other_account, stage.plan.code, "not_found"),
    ):
        with pytest.raises(FlowRefused, match=why):
            show_renewal(stage.line.id, line_account.id, code, NOW)


@pytest.mark.parametrize("plans", [0, 5])
def test_queries_do_not_grow_with_the_plans(
    plans: int,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalog, "ON_SALE_FOR", timedelta(days=9999))  # no renewal of the cache
    stage = assemble()
    for number in range(plans):
        cast.plan(f"plan-{number}")
    show_renewal(stage.line.id, stage.account.id, stage.plan.code, NOW)  # warms the catalogue
    with django_assert_num_queries(16):
        show_renewal(stage.line.id, stage.account.id, stage.plan.code, NOW)
