"""show_staff_order: an order with everything that staff must know of it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.show_staff_order import show_staff_order
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import request
from tests.flows.refunds import bought, refunded

pytestmark = pytest.mark.django_db


def test_its_money_step_by_step_and_what_is_left(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100, tax_rate_ppm=200_000)
    order = bought(cast, provider=provider)
    seen = show_staff_order(order.id, NOW)
    assert (seen.left_minor, seen.method_left_minor, seen.has_term) == (300, 200, True)
    moved = [(b.debit, b.credit, b.amount_minor, b.phase) for b in seen.bookings]
    assert ("clearing", "wallet", 200, "single") in moved
    assert ("wallet", "deferred_revenue", 100, "hold") in moved
    assert ("deferred_revenue", "tax_payable", 50, "single") in moved
    refunded(order, NOW + timedelta(hours=1))
    seen = show_staff_order(order.id, NOW + timedelta(hours=1))
    assert (seen.left_minor, seen.has_term) == (0, False)
    moved = [(b.debit, b.credit, b.amount_minor) for b in seen.bookings]
    assert ("wallet", "refunds_in_transit", 200) in moved
    assert ("tax_payable", "wallet", 50) in moved
    assert [refund.amount_minor for refund in seen.refunds] == [300]


def test_what_cannot_be_refunded_says_why(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order_id = renew_line.start(request(cast, provider="sandbox"), NOW).order_id
    seen = show_staff_order(order_id, NOW)
    assert seen.refused is not None
    assert (seen.refused.code, seen.left_minor) == ("not_refundable", 0)
    with pytest.raises(FlowRefused, match="not_found"):
        show_staff_order(uuid4(), NOW)
