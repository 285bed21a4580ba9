"""Amounts go to PayPal's texts and back exactly, or are refused."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.gateways.payments.paypal.amounts import (
    WITH_DECIMALS,
    WITHOUT_DECIMALS,
    WITHOUT_MINOR_UNIT,
    minor_of,
    text_of,
)
from keepline.gateways.payments.port import ProviderRefused

KNOWN = sorted(WITH_DECIMALS | WITHOUT_DECIMALS | WITHOUT_MINOR_UNIT)


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (1999, "EUR", "19.99"),
        (1, "USD", "0.01"),
        (10, "USD", "0.10"),
        (100000000001, "GBP", "1000000000.01"),
        (500, "JPY", "500"),
        (50000, "HUF", "500"),
        (12300, "TWD", "123"),
    ],
)
def test_texts_are_paypals(amount_minor: int, currency: str, text: str) -> None:
    assert text_of(amount_minor, currency) == text
    assert minor_of(text, currency) == amount_minor


@given(amount_minor=st.integers(1, 10**15), currency=st.sampled_from(KNOWN))
def test_there_and_back_is_the_same_or_refused(amount_minor: int, currency: str) -> None:
    try:
        text = text_of(amount_minor, currency)
    except ProviderRefused:
        assert currency in WITHOUT_DECIMALS
        assert amount_minor % 100
        return
    assert minor_of(text, currency) == amount_minor
    assert Fraction(text) * (1 if currency in WITHOUT_MINOR_UNIT else 100) == amount_minor
    assert ("." in text) == (currency in WITH_DECIMALS)


@pytest.mark.parametrize(
    ("amount_minor", "currency", "code"),
    [
        (0, "EUR", "amount_refused"),
        (-1, "EUR", "amount_refused"),
        (50001, "HUF", "amount_refused"),
        (1000, "KWD", "currency_refused"),
        (1000, "CNY", "currency_refused"),
        (1000, "eur", "currency_refused"),
    ],
)
def test_what_paypal_cannot_take_is_refused(amount_minor: int, currency: str, code: str) -> None:
    with pytest.raises(ProviderRefused) as refusal:
        text_of(amount_minor, currency)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("19.999", "EUR"),
        ("0.5", "JPY"),
        ("nineteen", "EUR"),
        ("", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("1e999999999", "EUR"),
        ("1" * 33, "EUR"),
        ("19.99", "KWD"),
    ],
)
def test_texts_that_are_no_amount_are_not_read(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        minor_of(text, currency)


@given(text=st.text("0123456789.-+eE_ NaInfity", max_size=40), currency=st.sampled_from(KNOWN))
def test_reading_gives_an_integer_or_a_value_error(text: str, currency: str) -> None:
    try:
        read = minor_of(text, currency)
    except ValueError:
        return
    assert Fraction(text) * (1 if currency in WITHOUT_MINOR_UNIT else 100) == read
