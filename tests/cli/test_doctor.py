"""`keepline doctor`: what it finds in the database."""

from datetime import UTC, datetime, timedelta

import pytest

from keepline.cli.doctor import low_pools, refused_webhooks, strange_profiles
from keepline.inventory import notices
from keepline.payments.models import RefusedWebhooks
from keepline.payments.refused_webhooks import count_one
from tests.inventory import shelves

pytestmark = pytest.mark.django_db(transaction=True)


def test_refused_webhooks_are_told_for_a_week(process_environment: dict[str, str]) -> None:
    url = process_environment["KEEPLINE_DATABASE_URL"]
    assert list(refused_webhooks(url)) == []
    now = datetime.now(UTC)
    count_one("paypal", now - timedelta(days=8))
    for days in (0, 0, 1):
        count_one("stripe", now - timedelta(days=days))
    assert RefusedWebhooks.objects.count() == 3
    (told,) = refused_webhooks(url)
    assert told.grade == "warn"
    assert told.says.startswith("3 webhooks that said they came from stripe were refused")


def test_low_pools_are_told_and_no_others(process_environment: dict[str, str]) -> None:
    url = process_environment["KEEPLINE_DATABASE_URL"]
    shelves.numbers(shelves.pool("good", low_count=3), 3)
    assert list(low_pools(url)) == []
    low = shelves.pool("low", low_count=4, low_days=30)
    shelves.numbers(low, 3, shelves.FIRST + 10)
    (told,) = low_pools(url)
    assert (told.grade, told.says) == ("warn", "Pool low is low: 3 are free.")
    shelves.numbers(low, 1, shelves.FIRST + 20, state="assigned", taken_at=datetime.now(UTC))
    (told,) = low_pools(url)
    assert told.says == "Pool low is low: 3 are free, which last for 84 days."


def test_profiles_of_nobody_are_told_for_a_week(process_environment: dict[str, str]) -> None:
    url = process_environment["KEEPLINE_DATABASE_URL"]
    now = datetime.now(UTC)
    for number, (days, outcome) in enumerate(
        [(8, "unknown"), (0, "moved"), (1, "unknown"), (1, "unknown")]
    ):
        at = now - timedelta(days=days)
        said = {"point": 4, "status": "", "outcome": outcome, "occurred_at": at}
        notices.keep(shelves.iccid(number), f"{number:064}", at, **said)
    (told,) = strange_profiles(url)
    assert told.grade == "warn"
    assert "told 2 times of 2 profiles that are not in stock" in told.says
