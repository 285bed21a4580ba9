"""What nobody needs any more of payers is erased."""

from datetime import timedelta

import pytest

from keepline.payments import services as payments
from keepline.payments.models import ProviderEvent
from keepline.workers import due
from tests.cast import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_what_a_webhook_said_is_erased_after_a_month() -> None:
    for number, days in enumerate((31, 29)):
        payments.store_event("sandbox", f"e{number}", "kind", None, "a name", NOW - days * DAY)
    assert due.forget_webhooks(lambda: NOW) == 1
    assert due.forget_webhooks(lambda: NOW) == 0
    told = ProviderEvent.objects.order_by("event_id").values_list("event_id", "body")
    assert list(told) == [("e0", ""), ("e1", "a name")]
    assert not payments.store_event("sandbox", "e0", "kind", None, "again", NOW), "it came before"
