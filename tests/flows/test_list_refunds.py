"""list_refunds: what waits for a second person, the longest waiting first."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from keepline.flows.list_refunds import list_refunds
from keepline.payments import limits
from tests.cast import NOW, assemble
from tests.flows.refunds import bought, refunded

pytestmark = pytest.mark.django_db


def test_the_longest_waiting_first_in_two_queries() -> None:
    cast = assemble(wallet_minor=600)
    first, second = bought(cast), bought(cast, "key-0002")
    limits.put_in_force(replace(limits.shipped(), refunds={"default": 1}))
    try:
        refunded(second, NOW + timedelta(hours=2), scope="part", amount_minor=150)
        refunded(first, NOW + timedelta(hours=1), scope="part", amount_minor=120)
        refunded(first, NOW, key="refund-02", scope="part", amount_minor=100)
    finally:
        limits.put_in_force(None)
    with CaptureQueriesContext(connection) as queries:
        waiting = list_refunds()
    assert [(one.order.id, one.refund.amount_minor) for one in waiting] == [
        (first.id, 100),
        (first.id, 120),
        (second.id, 150),
    ]
    assert len(queries) == 2
