"""Fen and yuan: exact both ways, and nothing else is read."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.gateways.payments.alipay.amounts import LARGEST_FEN, fen, yuan

AMOUNTS = st.integers(1, LARGEST_FEN)


@given(AMOUNTS)
def test_there_and_back_is_the_same(amount: int) -> None:
    assert fen(yuan(amount)) == amount
    assert fen(f"-{yuan(amount)}") == -amount


@given(AMOUNTS)
def test_written_exactly_with_two_decimals(amount: int) -> None:
    text = yuan(amount)
    assert Decimal(text) * 100 == amount
    assert text[-3] == "."


@pytest.mark.parametrize(("text", "amount"), [("19.9", 1990), ("19", 1900), ("0.00", 0)])
def test_short_forms_are_read(text: str, amount: int) -> None:
    assert fen(text) == amount


@pytest.mark.parametrize("amount", [0, -1, LARGEST_FEN + 1])
def test_what_alipay_does_not_take_is_not_written(amount: int) -> None:
    with pytest.raises(ValueError, match="fen"):
        yuan(amount)


@pytest.mark.parametrize(
    "text", ["", ".5", "1.", "1.234", "1,00", "1e2", " 1", "1\n", "٣", "NaN", "--1", "+1", "1" * 12]
)
def test_anything_else_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        fen(text)


@given(st.text(max_size=12))
def test_what_is_read_was_a_decimal_number(text: str) -> None:
    try:
        amount = fen(text)
    except ValueError:
        return
    assert Decimal(text) * 100 == amount
