"""The table of ways to pay: what a holder somewhere is offered for an amount of a currency."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.money import is_currency
from keepline.core.ways_to_pay import Method, Way, step_minor, ways_to_pay
from keepline.payments.ways import table

ALL = ["stripe", "paypal", "alipay"]
EVERYWHERE = ("card", "apple_pay", "google_pay")


def offered(country: str | None, currency: str, amount_minor: int) -> dict[str, tuple[str, ...]]:
    ways = ways_to_pay(table(), ALL, None, country, currency, amount_minor)
    return {way.provider: way.methods for way in ways}


@pytest.mark.parametrize(
    ("country", "currency", "amount_minor", "ways"),
    [
        ("GB", "GBP", 500, {"stripe": (*EVERYWHERE, "paypal"), "paypal": ("paypal",)}),
        ("US", "USD", 500, {"stripe": EVERYWHERE, "paypal": ("paypal",)}),
        ("US", "USD", 49, {"paypal": ("paypal",)}),  # less than a card may be asked for
        (
            "CN",
            "CNY",
            500,
            {"stripe": ("card", "apple_pay", "alipay", "wechat_pay"), "alipay": ("alipay",)},
        ),
        (
            "CN",
            "USD",
            500,
            {"stripe": ("card", "apple_pay", "alipay", "wechat_pay"), "paypal": ("paypal",)},
        ),
        ("JP", "JPY", 500, {"stripe": EVERYWHERE, "paypal": ("paypal",)}),
        ("JP", "JPY", 49, {"paypal": ("paypal",)}),
        ("KW", "KWD", 1500, {"stripe": ("card",)}),
        ("KW", "KWD", 1575, {}),  # Stripe takes tens of fils
        ("HU", "HUF", 99_950, {"stripe": EVERYWHERE}),  # PayPal takes whole forints
        ("HU", "HUF", 99_900, {"stripe": EVERYWHERE, "paypal": ("paypal",)}),
        ("UA", "UAH", 9000, {"stripe": EVERYWHERE}),
        (None, "EUR", 500, {"stripe": ("card",), "paypal": ("paypal",)}),
    ],
)
def test_the_table(
    country: str | None, currency: str, amount_minor: int, ways: dict[str, tuple[str, ...]]
) -> None:
    assert offered(country, currency, amount_minor) == ways


def test_the_operator_has_the_last_word() -> None:
    only = frozenset({"stripe:card", "paypal:paypal"})
    ways = ways_to_pay(table(), ["paypal", "stripe"], only, "GB", "GBP", 500)
    assert ways == [Way("paypal", ("paypal",)), Way("stripe", ("card",))]
    assert ways_to_pay(table(), ALL, frozenset(), "GB", "GBP", 500) == []
    assert ways_to_pay(table(), [], None, "GB", "GBP", 500) == []


def test_every_word_of_the_table_is_one() -> None:
    for method in table():
        assert method.code == f"{method.provider}:{method.name}"
        for currency in {*(method.currencies or ()), *method.least_minor, *method.step_minor}:
            assert is_currency(currency), (method.code, currency)
            assert method.takes(currency), (method.code, currency)
        assert all(len(country) == 2 for country in method.countries or ())
        assert all(least > 0 for least in method.least_minor.values())
        assert all(step > 1 for step in method.step_minor.values())
    assert len({method.code for method in table()}) == len(table())


@given(
    st.sampled_from([None, "GB", "CN", "US", "KW"]),
    st.sampled_from(["USD", "CNY", "JPY", "KWD"]),
    st.integers(1, 10_000),
)
def test_a_larger_amount_never_has_fewer_ways(
    country: str | None, currency: str, amount_minor: int
) -> None:
    step = step_minor(table(), ALL, None, currency)
    less, more = (offered(country, currency, (amount_minor + extra) * step) for extra in (0, 1))
    assert all(set(methods) <= set(more[provider]) for provider, methods in less.items())


def test_what_is_not_known_is_not_promised() -> None:
    local = Method("p", "local", countries=frozenset({"CN"}))
    assert ways_to_pay([local], ["p"], None, None, "CNY", 1) == []


def test_one_step_for_all_that_are_on_offer() -> None:
    table = [
        Method("p", "tens", step_minor={"KWD": 10}),
        Method("p", "fours", step_minor={"KWD": 4}),
        Method("q", "hundreds", currencies=frozenset({"HUF"}), step_minor={"HUF": 100}),
    ]
    assert step_minor(table, ["p", "q"], None, "KWD") == 20
    assert step_minor(table, ["p", "q"], {"p:tens"}, "KWD") == 10
    assert step_minor(table, ["p", "q"], None, "HUF") == 100
    assert step_minor(table, ["p"], None, "HUF") == 1
    assert step_minor(table, [], None, "KWD") == 1
