"""Prices and funding: identities that hold for every order."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.pricing import quote, split_funding

prices = st.integers(0, 10**12)
ppm = st.integers(0, 1_000_000)
wishes = st.sampled_from(["none", "part", "only"])


@given(prices, ppm, st.booleans(), ppm, st.integers(1, 500))
def test_a_quote_adds_up(
    price: int, rate_ppm: int, inclusive: bool, discount_ppm: int, quantity: int
) -> None:
    q = quote(price, "EUR", rate_ppm, inclusive, discount_ppm, quantity)
    assert q.subtotal_minor == price * quantity
    assert q.net_minor + q.tax_minor == q.total_minor
    assert q.subtotal_minor - q.discount_minor == (q.total_minor if inclusive else q.net_minor)
    assert q.discount_minor == round(Fraction(q.subtotal_minor * discount_ppm, 1_000_000))
    assert min(q.discount_minor, q.net_minor, q.tax_minor, q.total_minor) >= 0


@given(prices, ppm, st.booleans(), ppm, ppm)
def test_a_larger_discount_never_costs_more(
    price: int, rate_ppm: int, inclusive: bool, one_ppm: int, other_ppm: int
) -> None:
    dear = quote(price, "EUR", rate_ppm, inclusive, min(one_ppm, other_ppm))
    cheap = quote(price, "EUR", rate_ppm, inclusive, max(one_ppm, other_ppm))
    assert cheap.total_minor <= dear.total_minor


def test_a_quote_as_on_a_receipt() -> None:
    q = quote(999, "EUR", 190_000, tax_inclusive=True, discount_ppm=100_000, quantity=3)
    assert (q.subtotal_minor, q.discount_minor) == (2997, 300)
    assert (q.net_minor, q.tax_minor, q.total_minor) == (2266, 431, 2697)
    free = quote(999, "EUR", 190_000, tax_inclusive=False, discount_ppm=1_000_000)
    assert (free.discount_minor, free.total_minor) == (999, 0)


@pytest.mark.parametrize(
    ("price", "rate", "discount", "quantity"),
    [(-1, 0, 0, 1), (1, -1, 0, 1), (1, 0, -1, 1), (1, 0, 1_000_001, 1), (1, 0, 0, 0)],
)
def test_nonsense_has_no_price(price: int, rate: int, discount: int, quantity: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        quote(price, "EUR", rate, tax_inclusive=False, discount_ppm=discount, quantity=quantity)


@given(prices, st.integers(-(10**6), 10**12), wishes, st.sampled_from([1, 10, 100]))
def test_funding_pays_the_total_and_never_overdraws(
    total: int, free: int, wish: str, step: int
) -> None:
    funding = split_funding(total, free, wish, step)  # type: ignore[arg-type]
    assert funding.wallet_minor + funding.payment_minor == total
    assert 0 <= funding.wallet_minor <= max(0, free)
    assert funding.payment_minor >= 0
    if wish == "none":
        assert funding.wallet_minor == 0
    elif free >= total:
        assert funding.payment_minor == 0


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.sampled_from([1, 10, 100]))
def test_the_wallet_evens_out_the_providers_part_where_it_can(
    total: int, free: int, step: int
) -> None:
    most = split_funding(total, free, "part")
    funding = split_funding(total, free, "part", step)
    evened = range(most.wallet_minor + 1)
    possible = [paid for paid in evened[-step:] if (total - paid) % step == 0]
    if most.payment_minor and possible:
        assert funding.wallet_minor == max(possible), "no more kept back than needed"
    else:
        assert funding == most
