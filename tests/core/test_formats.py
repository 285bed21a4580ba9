"""Money and rates as people read them, in each currency's own decimals."""

import pytest

from keepline.core.formats import money, percent


@pytest.mark.parametrize(
    ("minor", "currency", "english", "chinese"),
    [
        (1999, "USD", "US$19.99", "US$19.99"),
        (-5, "EUR", "-€0.05", "-€0.05"),
        (1476, "JPY", "JP¥1,476", "JP¥1,476"),
        (921, "KWD", "KWD\u00a00.921", "KWD\u00a00.921"),
        (-1234567, "KWD", "-KWD\u00a01,234.567", "-KWD\u00a01,234.567"),
        (500, "CHF", "CHF\u00a05.00", "CHF\u00a05.00"),
        (2**53, "EUR", "€90,071,992,547,409.92", "€90,071,992,547,409.92"),
    ],
)
def test_money(minor: int, currency: str, english: str, chinese: str) -> None:
    assert money(minor, currency, "en") == english
    assert money(minor, currency, "zh-hans") == chinese


@pytest.mark.parametrize(
    ("ppm", "said"), [(0, "0%"), (190_000, "19%"), (255_000, "25.5%"), (81_234, "8.1234%")]
)
def test_percent(ppm: int, said: str) -> None:
    assert percent(ppm, "en") == said
