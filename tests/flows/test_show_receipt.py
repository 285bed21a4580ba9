"""show_receipt: what a receipt says, for its holder alone, once it has its number."""

from uuid import UUID, uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from keepline.catalog.queries import policy_values
from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.recognise_revenue import number_receipts
from keepline.flows.show_receipt import receipts_among, show_receipt
from keepline.orders.models import Order
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import request, topped_up

pytestmark = pytest.mark.django_db


def renewed(cast: Cast) -> UUID:
    order_id: UUID = renew_line.start(request(cast), NOW).order_id
    number_receipts("house", NOW)
    return order_id


def test_it_says_what_the_order_said() -> None:
    cast = assemble()
    receipt = show_receipt(renewed(cast), cast.account.id)
    assert (receipt.number, receipt.holder) == (1, cast.account.name)
    assert receipt.plan_name == cast.plan.name
    assert receipt.line is not None
    assert receipt.line.row.e164 == cast.line.e164
    assert receipt.line.lifeline is not None
    assert receipt.line.lifeline.preview_until == receipt.order.valid_until_after


def test_a_top_up_is_for_no_line(provider: FakeProvider) -> None:
    cast = assemble()
    order_id = topped_up(cast, provider)
    number_receipts("house", NOW)
    receipt = show_receipt(order_id, cast.account.id)
    assert (receipt.line, receipt.plan_name) == (None, None)
    assert receipt.order.total_minor == 2000


def test_nobody_else_sees_it_and_none_is_there_without_its_number() -> None:
    cast, other = assemble(), assemble(suffix="2", code="plan-2")
    others = renewed(other)
    unnumbered = renew_line.start(request(cast), NOW).order_id
    for order_id in (others, unnumbered, uuid4()):
        with pytest.raises(FlowRefused, match="not_found"):
            show_receipt(order_id, cast.account.id)
    assert show_receipt(others, other.account.id).number == 1


def test_many_are_read_with_the_queries_of_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    casts = [assemble(suffix=str(n), code=f"plan-{n}") for n in range(5)]
    found = Order.objects.in_bulk([renewed(cast) for cast in casts])
    for cast in casts:
        policy_values(cast.plan.policy_id)
    with django_assert_num_queries(3):
        receipts = receipts_among(list(found.values()))
    assert sorted(each.number for each in receipts.values()) == [1, 2, 3, 4, 5]
    with django_assert_num_queries(0):
        assert receipts_among([]) == {}
