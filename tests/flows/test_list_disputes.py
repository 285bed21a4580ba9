"""list_disputes: the nearest deadline first, decided ones last."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from keepline.flows.follow_disputes import follow_disputes
from keepline.flows.list_disputes import list_disputes
from keepline.payments import limits
from keepline.payments.models import Payment
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider
from tests.flows.refunds import bought

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lines_go_on() -> Iterator[None]:
    limits.put_in_force(replace(limits.shipped(), block_disputed=False))
    yield
    limits.put_in_force(None)


def test_the_nearest_deadline_first(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=0)
    told = [("open", 9, "b"), ("won", 1, "d"), ("open", 2, "a"), ("open", None, "c")]
    for number, (outcome, days, name) in enumerate(told):
        order = bought(cast, f"key-{number:04}", provider=provider)
        payment = Payment.objects.get(order_id=order.id)
        until = None if days is None else NOW + timedelta(days=days)
        provider.dispute(payment.id, outcome, name, until)  # type: ignore[arg-type]
        follow_disputes(order.id, NOW, told=True)
    with CaptureQueriesContext(connection) as queries:
        shown = list_disputes()
    assert [each.provider_dispute_id for each in shown] == ["a", "b", "c", "d"]
    assert len(queries) == 2
