"""Money conserves: sums, currencies, digits."""

import operator
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.core.money import (
    LARGEST_MINOR,
    CurrencyMismatch,
    DecimalMark,
    Money,
    MoneyError,
    allocate,
    exponent,
    is_currency,
    parse_decimal,
    share_of,
    tax_of,
    to_decimal,
)

amounts = st.integers(-(10**15), 10**15)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)
rates_ppm = st.integers(0, 1_000_000)


@given(amounts, amounts)
def test_money_adds_up(one: int, other: int) -> None:
    first, second = Money(one, "EUR"), Money(other, "EUR")
    assert first + second == Money(one + other, "EUR")
    assert first - second == Money(one - other, "EUR")
    assert first + -first == Money(0, "EUR")
    assert (first < second, first <= second) == (one < other, one <= other)
    assert (first > second, first >= second) == (one > other, one >= other)


@pytest.mark.parametrize(
    "act",
    [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge],
)
def test_currencies_do_not_mix(act: type) -> None:
    with pytest.raises(CurrencyMismatch):
        act(Money(1, "EUR"), Money(1, "USD"))
    assert Money(1, "EUR") != Money(1, "USD")


@pytest.mark.parametrize("amount", [True, 1.0, "1", None, Decimal(1)])
def test_only_integers_are_amounts(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "EUR")  # type: ignore[arg-type]


def test_exponents() -> None:
    assert [exponent(code) for code in ("EUR", "JPY", "KWD", "CLF")] == [2, 0, 3, 4]
    assert not is_currency("EURO")
    with pytest.raises(MoneyError) as caught:
        exponent("QQQ")
    assert caught.value.reason == "unknown_currency"


@given(amounts, weights)
def test_allocation_conserves_the_sum_and_is_fair(amount: int, parts: list[int]) -> None:
    shares = allocate(amount, parts)
    assert sum(shares) == amount
    for share, part in zip(shares, parts, strict=True):
        assert abs(share - Fraction(amount * part, sum(parts))) < 1
        assert part or share == 0
    assert allocate(-amount, parts) == [-share for share in shares]


def test_allocation_breaks_ties_by_order() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(-100, [1, 1, 1]) == [-34, -33, -33]
    assert allocate(5, [3, 7]) == [2, 3]  # 1.5 and 3.5: one cent is left, the first has it


@pytest.mark.parametrize("parts", [[], [0, 0], [3, -1]])
def test_allocation_needs_weights(parts: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        allocate(100, parts)


@given(amounts, st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_share_is_rounded_half_to_even(amount: int, part: int, whole: int) -> None:
    exact = Fraction(amount * part, whole)
    assert share_of(amount, part, whole) == round(exact)  # Fraction rounds half to even
    assert share_of(-amount, part, whole) == -share_of(amount, part, whole)


@given(amounts, rates_ppm, st.booleans())
def test_tax_and_net_are_the_gross(amount: int, rate_ppm: int, inclusive: bool) -> None:
    tax = tax_of(amount, rate_ppm, inclusive)
    assert tax.net_minor + tax.tax_minor == tax.gross_minor
    assert (tax.gross_minor if inclusive else tax.net_minor) == amount
    exact = Decimal(tax.net_minor) * rate_ppm / 1_000_000
    assert abs(tax.tax_minor - exact) <= 1  # of the net as rounded, within the last digit
    assert tax.tax_minor * amount >= 0


def test_tax_as_on_a_receipt() -> None:
    assert tax_of(1190, 190_000, inclusive=True).tax_minor == 190
    assert tax_of(1000, 190_000, inclusive=False).gross_minor == 1190
    assert tax_of(50, 50_000, inclusive=False).tax_minor == 2  # 2.5, to the even one
    assert tax_of(30, 50_000, inclusive=False).tax_minor == 2  # 1.5, to the even one
    with pytest.raises(ValueError, match="negative"):
        tax_of(100, -1, inclusive=False)


SEPARATORS: dict[DecimalMark, str] = {".": ", \u00a0\u202f'\u2019", ",": ". \u00a0\u202f'\u2019"}


@given(
    st.integers(-LARGEST_MINOR, LARGEST_MINOR),
    st.sampled_from(["EUR", "JPY", "KWD", "CLF"]),
    st.sampled_from([".", ","]),
    st.data(),
)
def test_an_amount_written_is_read_back(
    amount: int, currency: str, mark: DecimalMark, data: st.DataObject
) -> None:
    money = Money(amount, currency)
    written = f"{to_decimal(money):,f}"
    separator = data.draw(st.sampled_from(["", *SEPARATORS[mark]]))
    written = written.replace(",", "\0").replace(".", mark).replace("\0", separator)
    assert parse_decimal(written, currency, mark) == money
    typeset = written.replace("-", "\u2212")
    assert parse_decimal(f"  {typeset} ", currency, mark) == money


@given(amounts, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_decimals_are_exact(amount: int, currency: str) -> None:
    assert to_decimal(Money(amount, currency)) * 10 ** exponent(currency) == amount


@pytest.mark.parametrize(
    ("text", "currency", "mark", "amount"),
    [
        ("12", "EUR", ".", 1200),
        ("12.5", "EUR", ".", 1250),
        (".5", "EUR", ".", 50),
        ("-,5", "EUR", ",", -50),
        ("+12,50", "EUR", ",", 1250),
        ("1.234.567,89", "EUR", ",", 123456789),
        ("1 234 567.8", "EUR", ".", 123456780),
        ("1\u2019234.50", "CHF", ".", 123450),
        ("1.500", "EUR", ",", 150000),
        ("12.5000", "EUR", ".", 1250),
        ("1234.500", "EUR", ".", 123450),  # no groups before, so no group after
        ("1,234.500", "EUR", ".", 123450),
        ("0.500", "EUR", ".", 50),
        ("1.500", "KWD", ".", 1500),
        ("100.00", "JPY", ".", 100),
        ("-0", "EUR", ".", 0),
    ],
)
def test_amounts_as_files_write_them(
    text: str, currency: str, mark: DecimalMark, amount: int
) -> None:
    assert parse_decimal(text, currency, mark) == Money(amount, currency)


@pytest.mark.parametrize(
    ("text", "currency", "mark", "reason"),
    [
        ("", "EUR", ".", "empty"),
        (" ", "EUR", ".", "empty"),
        ("-", "EUR", ".", "malformed"),
        (".", "EUR", ".", "malformed"),
        ("5.", "EUR", ".", "malformed"),
        ("1e3", "EUR", ".", "malformed"),
        ("NaN", "EUR", ".", "malformed"),
        ("12,50", "EUR", ".", "malformed"),  # the other mark
        ("1,2,3", "EUR", ".", "malformed"),
        ("1,234 567.00", "EUR", ".", "malformed"),  # two kinds of groups
        ("1,234,56", "EUR", ".", "malformed"),
        ("1.5.0", "EUR", ".", "malformed"),
        ("--5", "EUR", ".", "malformed"),
        ("5-", "EUR", ".", "malformed"),
        ("EUR 5", "EUR", ".", "malformed"),
        ("\u0665", "EUR", ".", "malformed"),  # Arabic five
        ("12.345", "EUR", ".", "ambiguous"),
        ("1.500", "EUR", ".", "ambiguous"),
        ("1,000", "JPY", ",", "ambiguous"),
        ("0.123", "EUR", ".", "too_precise"),
        ("1234.567", "EUR", ".", "too_precise"),
        ("0.5", "JPY", ".", "too_precise"),
        ("9" * 5000, "EUR", ".", "too_large"),
        ("90071992547409.93", "EUR", ".", "too_large"),
        ("5", "QQQ", ".", "unknown_currency"),
    ],
)
def test_what_is_no_amount_says_why(
    text: str, currency: str, mark: DecimalMark, reason: str
) -> None:
    with pytest.raises(MoneyError) as caught:
        parse_decimal(text, currency, mark)
    assert caught.value.reason == reason


@given(st.text("0123456789.,' -+", max_size=20), st.sampled_from([".", ","]))
def test_what_is_read_is_what_stands_there(text: str, mark: DecimalMark) -> None:
    """Whatever is accepted has the value of its digits with the marks taken for what they are."""
    try:
        money = parse_decimal(text, "EUR", mark)
    except MoneyError:
        return
    kept = "".join(c for c in text if c in f"0123456789-{mark}").replace(mark, ".")
    cents = Decimal(kept).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    assert to_decimal(money) == Decimal(kept) == cents
