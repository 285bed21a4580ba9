"""Attempts in the shared cache: under hashes, for as long as they count."""

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection

from keepline.core.velocity import Rate
from keepline.payments import attempts
from tests.cast import NOW

RATES = (Rate(3, timedelta(minutes=1)), Rate(5, timedelta(hours=1)))


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("somewhere", "somewhere"),
    ],
)
def test_a_household_is_one_address(address: str, counted_as: str) -> None:
    assert attempts.household(address) == counted_as


@pytest.mark.django_db
def test_no_address_is_kept_in_the_clear() -> None:
    key = attempts.key_of("address", "192.0.2.7")
    cache.clear()  # of what tests have left that commit
    attempts.note(key, [], NOW, RATES)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM django_cache")
        kept = cursor.fetchall()
    assert len(kept) == 1
    assert "192.0.2" not in str(kept)
    assert key in kept[0][0]
    assert key != attempts.key_of("device", "192.0.2.7")


@pytest.mark.django_db
def test_no_more_is_kept_than_is_asked_about() -> None:
    key = attempts.key_of("address", "192.0.2.7")
    before: list[datetime] = []
    for second in range(8):
        attempts.note(key, before, NOW + timedelta(seconds=second), RATES)
        before = attempts.noted([key])[key]
    assert before == [NOW + timedelta(seconds=second) for second in range(3, 8)]
    assert attempts.noted([]) == {}
    cache.clear()
    assert attempts.noted([key]) == {key: []}
