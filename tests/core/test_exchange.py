"""Paying in another currency: exact, rounded once, and given back whole."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.exchange import Exchange, ExchangeRate, exchanges, part_of_paid
from keepline.core.money import Money, exponent, to_decimal

TODAY = date(2026, 3, 10)
CURRENCIES = ["JPY", "EUR", "KWD", "USD"]  # none, two and three digits
amounts = st.integers(1, 10**12)
rates = st.decimals("0.000001", "999999", places=6, allow_nan=False, allow_infinity=False)
pairs = st.permutations(CURRENCIES).map(lambda codes: codes[:2])


def rate_of(base: str, quote: str, rate: Decimal | str, on: date = TODAY) -> ExchangeRate:
    return ExchangeRate(base, quote, Decimal(rate), on, "a bank")


def paid(amount_minor: int, base: str, quote: str, rate: Decimal | str) -> int | None:
    found = exchanges([rate_of(base, quote, rate)], Money(amount_minor, base), TODAY, 0)
    return found[0].paid.amount_minor if found else None


@pytest.mark.parametrize(
    ("price", "base", "quote", "rate", "expected"),
    [
        (1000, "USD", "EUR", "0.9213", 921),  # 10.00 USD, 9.213 EUR
        (1000, "USD", "JPY", "147.65", 1476),  # 1,476.5 yen: to the even neighbour
        (3000, "USD", "JPY", "147.65", 4430),  # 4,429.5 yen: to the even neighbour
        (1000, "JPY", "USD", "0.0068", 680),
        (1000, "USD", "KWD", "0.30715", 3072),  # 3.0715 dinars: 3,071.5 fils
        (12345, "KWD", "EUR", "2.9876", 3688),  # 12.345 dinars
        (500, "JPY", "KWD", "0.00205", 1025),
        (1, "USD", "JPY", "0.49", None),  # comes to nothing
    ],
)
def test_as_by_hand(price: int, base: str, quote: str, rate: str, expected: int | None) -> None:
    assert paid(price, base, quote, rate) == expected


@given(pairs, amounts, rates)
def test_never_off_by_more_than_half_a_minor_unit(
    pair: list[str], price: int, rate: Decimal
) -> None:
    base, quote = pair
    exact = Fraction(to_decimal(Money(price, base))) * Fraction(rate) * 10 ** exponent(quote)
    found = paid(price, base, quote, rate) or 0
    assert found == round(exact)  # of a Fraction: half to even, without a float
    assert abs(found - exact) <= Fraction(1, 2)


steps = st.sampled_from([1, 10, 100])


@given(pairs, amounts, rates, steps)
def test_up_to_what_the_provider_takes(
    pair: list[str], price: int, rate: Decimal, step: int
) -> None:
    base, quote = pair
    table = [rate_of(base, quote, rate)]
    found = exchanges(table, Money(price, base), TODAY, 0, {base: 7, quote: step}.__getitem__)
    nearest = paid(price, base, quote, rate)
    if nearest is None:
        assert found == []
        return
    [one] = found
    assert one.paid.amount_minor % step == 0
    assert nearest <= one.paid.amount_minor < nearest + step


@given(pairs, amounts, amounts, rates)
def test_who_owes_more_never_pays_less(
    pair: list[str], one: int, other: int, rate: Decimal
) -> None:
    low, high = (paid(price, *pair, rate) or 0 for price in sorted((one, other)))
    assert low <= high


def test_the_youngest_rate_that_still_holds() -> None:
    table = [
        rate_of("USD", "EUR", "0.90", TODAY - timedelta(days=2)),
        rate_of("USD", "EUR", "0.91", TODAY - timedelta(days=1)),
        rate_of("USD", "EUR", "0.99", TODAY + timedelta(days=1)),
        rate_of("EUR", "USD", "1.10"),
        rate_of("USD", "GBP", "0.80", TODAY - timedelta(days=5)),
        rate_of("USD", "CHF", "0.88"),
    ]
    found = exchanges(table, Money(1000, "USD"), TODAY, 4)
    assert [(one.paid, one.rate_on) for one in found] == [
        (Money(880, "CHF"), TODAY),
        (Money(910, "EUR"), TODAY - timedelta(days=1)),
    ]
    assert exchanges(table, Money(1000, "USD"), TODAY + timedelta(days=30), 4) == []


@given(amounts, rates)
def test_what_an_order_keeps_is_what_was_agreed(amount: int, rate: Decimal) -> None:
    agreed = Exchange(Money(amount, "KWD"), rate, TODAY, "a bank")
    assert Exchange.of_facts(agreed.as_facts()) == agreed


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=12), steps)
def test_parts_give_back_the_whole(units: int, parts: list[int], step: int) -> None:
    price, paid_minor = sum(parts), units * step
    if price == 0:
        with pytest.raises(ValueError, match="within the price"):
            part_of_paid(paid_minor, price, 0, 0)
        return
    given_back, before = [], 0
    for part in parts:
        given_back.append(part_of_paid(paid_minor, price, before, part, step))
        before += part
    assert sum(given_back) == paid_minor
    for part, back in zip(parts, given_back, strict=True):
        assert back >= 0
        assert back % step == 0
        assert abs(back - Fraction(part * paid_minor, price)) <= step
    with pytest.raises(ValueError, match="within the price"):
        part_of_paid(paid_minor, price, price, 1)
