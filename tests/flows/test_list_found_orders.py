"""list_found_orders: staff find orders by what people read out."""

import pytest
from django.db import transaction

from keepline.flows.list_found_orders import list_found_orders
from keepline.inventory import services as inventory
from keepline.inventory.models import CardHolding
from keepline.lines.models import Line
from tests.cast import NOW, assemble
from tests.flows.refunds import bought

pytestmark = pytest.mark.django_db
E164, ICCID = 447911123456, "89441000300000000012"


def test_by_everything_that_people_read_out() -> None:
    cast = assemble(wallet_minor=600)
    inventory.add_numbers([E164], NOW)
    with transaction.atomic():
        inventory.assign(E164, cast.account.id, cast.line.id, NOW)
    Line.objects.filter(id=cast.line.id).update(e164=E164, iccid=ICCID)
    CardHolding.objects.create(iccid=ICCID, line_id=cast.line.id)
    first, second = bought(cast), bought(cast, "key-0002")
    both = {first.id, second.id}
    for text in ("+44 7911 123456", "447911123456", ICCID, "8944 1000 3000 0000 0012"):
        found = list_found_orders(text)
        assert {order.id for order in found.orders} == both, text
        assert found.numbers == {cast.line.id: E164}
    assert {order.id for order in list_found_orders("Alice@example.com").orders} == both
    assert [order.id for order in list_found_orders(str(second.receipt_number)).orders] == [
        second.id
    ]
    assert [order.id for order in list_found_orders(f" {first.id} ").orders] == [first.id]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nobody@example.com",
        "+49 30 1234567",
        "99999",
        "01a1ffd8-0e49-709b-a172-0bf887a22121",
        "x",
        "1" * 60,
    ],
)
def test_nothing_is_found(text: str) -> None:
    bought(assemble(wallet_minor=300))
    assert list_found_orders(text).orders == []
