"""What nobody needs any more of payers is erased."""

from datetime import timedelta

import pytest

from keepline.inventory import notices
from keepline.inventory.models import ProfileNotice
from keepline.payments import services as payments
from keepline.payments.models import ProviderEvent
from keepline.workers import due
from tests.cast import NOW
from tests.inventory import shelves

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


def test_whose_phone_it_was_is_erased_after_a_month() -> None:
    for number, days in enumerate((31, 29)):
        notices.keep(
            shelves.iccid(number),
            f"{number:064}",
            NOW - days * DAY,
            point=4,
            status="Executed-Success",
            eid="89" + "0" * 30,
            message="a name",
            occurred_at=NOW,
        )
    assert due.forget_webhooks(lambda: NOW) == 1
    assert due.forget_webhooks(lambda: NOW) == 0
    told = ProfileNotice.objects.order_by("key").values_list("eid", "message")
    assert list(told) == [("", ""), ("89" + "0" * 30, "a name")]
