"""Money, rates, dates and places as people of four languages read them."""

from datetime import UTC, datetime, timedelta

import pytest

from keepline.core.formats import city_of, data_size, day, instant, minutes, money, percent, span

NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


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


@pytest.mark.parametrize(
    ("language", "said", "without_year", "with_time"),
    [
        ("en", "3 May 2026", "3 May", "3 May 2026, 15:00"),
        ("zh-hans", "2026年5月3日", "5月3日", "2026年5月3日 15:00"),
        ("ru", "3 мая 2026", "3 мая", "3 мая 2026, 15:00"),
        ("uk", "3 травня 2026", "3 травня", "3 травня 2026, 15:00"),
    ],
)
def test_dates(language: str, said: str, without_year: str, with_time: str) -> None:
    """None ends in a full stop: a sentence that ends with a date has one of its own."""
    assert day(NOON, "Europe/Kyiv", language) == said
    assert day(NOON, "Europe/Kyiv", language, with_year=False) == without_year
    assert instant(NOON, "Europe/Kyiv", language) == with_time


@pytest.mark.parametrize(
    ("language", "days", "hours", "size", "talk", "price"),
    [
        ("en", "41 days", "1 hour", "1.5 GB", "90 min", "€1,234.50"),
        ("ru", "41 день", "1 час", "1,5 ГБ", "90 мин", "1\u00a0234,50\u00a0€"),
        ("uk", "41 день", "1 година", "1,5 ГБ", "90 хв", "1\u00a0234,50\u00a0EUR"),
    ],
)
def test_lengths_sizes_and_prices(
    language: str, days: str, hours: str, size: str, talk: str, price: str
) -> None:
    assert span(timedelta(days=41, hours=3), language) == days
    assert span(timedelta(minutes=61), language) == hours
    assert data_size(1_500_000_000, language) == size
    assert minutes(5400, language) == talk
    assert money(123_450, "EUR", language) == price


@pytest.mark.parametrize(
    ("zone", "cities"),
    [
        ("Europe/Kyiv", ("Kyiv", "基辅", "Киев", "Київ")),
        ("Asia/Yangon", ("Yangon", "仰光", "Янгон", "Янгон")),
        ("Asia/Shanghai", ("Shanghai", "上海", "Шанхай", "Шанхай")),
        ("UTC", ("UTC",) * 4),
    ],
)
def test_cities(zone: str, cities: tuple[str, ...]) -> None:
    assert tuple(city_of(zone, each) for each in ("en", "zh-hans", "ru", "uk")) == cities
