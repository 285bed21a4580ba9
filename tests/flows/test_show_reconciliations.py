"""What the last comparisons came to, newest first, and which providers nobody looked at."""

from datetime import timedelta
from uuid import uuid4

import pytest

from keepline.core.reconciliation import Kind, Totals
from keepline.flows.reconcile import reconcile
from keepline.flows.show_reconciliations import STALE_AFTER, show_reconciliations
from keepline.gateways.payments.port import PaymentStatus
from tests.cast import NOW
from tests.doubles import FakeProvider

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_nobody_compared_anything() -> None:
    view = show_reconciliations(NOW)
    assert (view.past, view.unseen) == ([], ["sandbox"])


def test_the_newest_stands_first_with_what_it_left(provider: FakeProvider) -> None:
    reconcile("sandbox", NOW - DAY, NOW, "worker", NOW)
    stranger = uuid4()
    provider.payments[stranger] = PaymentStatus("captured", 1500, "KWD", 1500, 0, "pay_x")
    reconcile("sandbox", NOW - DAY, NOW, "operator", NOW + timedelta(hours=1))
    newest, first = show_reconciliations(NOW + DAY).past
    assert (first.left, first.totals, first.differences) == (0, {}, [])
    assert (newest.actor, newest.left, newest.totals) == (
        "operator",
        1,
        {"KWD": Totals(0, 1500)},
    )
    (one,) = newest.differences
    assert (one.kind, one.payment_id, one.order_id, one.theirs_minor) == (
        Kind.UNKNOWN_HERE,
        stranger,
        None,
        1500,
    )
    assert show_reconciliations(NOW + STALE_AFTER).unseen == []
    assert show_reconciliations(NOW + timedelta(hours=1) + STALE_AFTER).unseen == ["sandbox"]
