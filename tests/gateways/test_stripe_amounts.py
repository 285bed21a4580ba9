"""Keepline's amounts and Stripe's are the same money, or there is no amount at all."""

from decimal import Decimal

import pytest
from babel.core import get_global
from hypothesis import assume, given
from hypothesis import strategies as st

from keepline.core.money import exponent
from keepline.gateways.payments.port import ProviderRefused
from keepline.gateways.payments.stripe.amounts import (
    from_stripe,
    stripe_digits,
    stripe_step,
    to_stripe,
)

CURRENCIES = st.sampled_from(sorted(get_global("all_currencies")))
SPECIAL = st.sampled_from(["BHD", "ISK", "JOD", "JPY", "KWD", "MGA", "TND", "UGX", "HUF", "TWD"])


@given(currency=CURRENCIES | SPECIAL, amount_minor=st.integers(1, 10**12))
def test_the_same_money_or_none(currency: str, amount_minor: int) -> None:
    value = Decimal(amount_minor).scaleb(-exponent(currency))
    in_stripes = value.scaleb(stripe_digits(currency))
    takes = in_stripes == int(in_stripes) and int(in_stripes) % stripe_step(currency) == 0
    if takes:
        assert to_stripe(amount_minor, currency) == in_stripes
        assert from_stripe(int(in_stripes), currency) == amount_minor
    else:
        with pytest.raises(ProviderRefused) as refusal:
            to_stripe(amount_minor, currency)
        assert refusal.value.code == "amount_not_representable"


@given(currency=CURRENCIES | SPECIAL, whole=st.integers(1, 10**9))
def test_whole_units_are_always_taken(currency: str, whole: int) -> None:
    amount_minor = whole * 10 ** exponent(currency)
    assert to_stripe(amount_minor, currency) == whole * 10 ** stripe_digits(currency)


@given(currency=CURRENCIES | SPECIAL, amount=st.integers(1, 10**12))
def test_stripes_amount_comes_back_whole_or_not_at_all(currency: str, amount: int) -> None:
    assume(amount % stripe_step(currency) == 0)
    try:
        amount_minor = from_stripe(amount, currency)
    except ValueError:
        assert stripe_digits(currency) > exponent(currency)
    else:
        assert to_stripe(amount_minor, currency) == amount


@pytest.mark.parametrize(
    ("currency", "amount_minor", "stripes"),
    [
        ("USD", 1000, 1000),
        ("CNY", 12800, 12800),
        ("JPY", 500, 500),
        ("KRW", 9900, 9900),
        ("KWD", 5120, 5120),
        ("HUF", 1045, 1045),
        ("TWD", 80045, 80045),
        ("ISK", 5, 500),
        ("UGX", 5, 500),
        ("MGA", 5, 5),
    ],
)
def test_amounts_of_stripes_page(currency: str, amount_minor: int, stripes: int) -> None:
    assert to_stripe(amount_minor, currency) == stripes
    assert from_stripe(stripes, currency) == amount_minor


@pytest.mark.parametrize(
    ("currency", "amount_minor", "code"),
    [
        ("KWD", 5124, "amount_not_representable"),
        ("EUR", 0, "amount_not_representable"),
        ("EUR", -1, "amount_not_representable"),
        ("XQQ", 100, "currency_unknown"),
    ],
)
def test_what_stripe_cannot_take_is_refused(currency: str, amount_minor: int, code: str) -> None:
    with pytest.raises(ProviderRefused) as refusal:
        to_stripe(amount_minor, currency)
    assert refusal.value.code == code


def test_a_fraction_of_a_krona_is_not_read() -> None:
    with pytest.raises(ValueError, match="no whole amount"):
        from_stripe(550, "ISK")
