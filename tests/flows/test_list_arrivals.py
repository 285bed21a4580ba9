"""list_arrivals: numbers without their lines, in as many queries for many as for one."""

from datetime import timedelta
from typing import Any

import pytest

from keepline.core.ids import derived_id
from keepline.flows.list_arrivals import list_arrivals
from keepline.orders.models import Order, OrderKind
from keepline.orders.services import new_order
from keepline.porting.models import PortIn
from keepline.slots.ids import new_id
from tests.cast import NOW, Cast, assemble

pytestmark = [pytest.mark.django_db, pytest.mark.books_broken]  # orders without money


def strand(cast: Cast, hours: int, **fields: Any) -> Order:
    order_id = new_id(cast.account.slot)
    order = new_order(
        order_id,
        account_id=cast.account.id,
        line_id=cast.line.id,
        wallet_id=cast.wallet_id,
        kind=OrderKind.PURCHASE,
        currency="USD",
        subtotal_minor=0,
        total_minor=0,
        wallet_minor=0,
        actor="user:1",
        channel="portal",
        seller="house",
        accepted_at=NOW,
    )
    order.save(force_insert=True)
    port_id = derived_id(order_id, "port")
    values = {"e164": 447700900000 + hours, "state": "scheduled", "wanted_at": NOW}
    values |= {"stranded_at": NOW - timedelta(hours=hours), "stranded_code": "network_no"} | fields
    PortIn.objects.create(
        slot=cast.account.slot,
        id=port_id,
        account_id=cast.account.id,
        line_id=cast.line.id,
        order_id=order_id,
        **values,
    )
    return order


def test_the_longest_waiting_first(django_assert_num_queries: Any) -> None:
    cast = assemble()
    found = [strand(cast, hours) for hours in (1, 3, 2)]
    strand(cast, 4, stranded_at=None)  # on its way
    strand(cast, 5, state="ported")  # its line lives
    strand(cast, 6, state="given_up")
    with django_assert_num_queries(3):
        listed = list_arrivals()
    assert [one.order.id for one in listed] == [found[1].id, found[2].id, found[0].id]


def test_nothing_is_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert list_arrivals() == []
