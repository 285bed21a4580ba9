"""`keepline doctor`: webhooks that were refused are told while they are news."""

from datetime import UTC, datetime, timedelta

import pytest

from keepline.cli.doctor import refused_webhooks
from keepline.payments.models import RefusedWebhooks
from keepline.payments.refused_webhooks import count_one

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
