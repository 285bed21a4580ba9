"""withdraw_order: the promise is kept."""

from datetime import timedelta

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.flows.advance_order import advance
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import pay_by_provider, wallet

pytestmark = pytest.mark.django_db


def test_the_promise_is_kept_and_a_late_applied_undone(
    network: ScriptedNetwork, provider: FakeProvider
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = ["mute"]
    order_id = pay_by_provider(cast, provider)
    advance(order_id, "en", NOW)
    network.deaf = True
    late = NOW + timedelta(minutes=11)
    assert advance(order_id, "en", late) is OrderState.WITHDRAWN
    assert wallet(cast) == (100, 0)
    advance(order_id, "en", late)  # refunded, but the network is still deaf
    assert Order.objects.by_id(order_id).undo_due
    network.deaf = False
    advance(order_id, "en", late + timedelta(minutes=5))
    order = Order.objects.by_id(order_id)
    assert (order.undo_due, order.next_action_at) == (False, None)
    assert network.lines == {}
    payment = Payment.objects.get(order_id=order_id)
    assert payment.refunded_minor == payment.captured_minor > 0
