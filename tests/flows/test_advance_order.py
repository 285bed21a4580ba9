"""advance_order: the one switch, from a checkout that never opened to the end."""

from datetime import timedelta

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import request, wallet

pytestmark = pytest.mark.django_db


def test_a_worker_opens_what_the_entrance_could_not(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    later = NOW + timedelta(seconds=40)
    assert orders.claim_due(later, 10) == [started.order_id]
    assert orders.claim_due(later, 10) == []  # leased
    assert advance(started.order_id, "en", later) is OrderState.ACKNOWLEDGED
    payment = Payment.objects.get(order_id=started.order_id)
    assert payment.checkout_url
    provider.pay(payment.id)
    assert advance(started.order_id, "en", later) is OrderState.COMPLETED
    assert Order.objects.by_id(started.order_id).next_action_at is None
    assert wallet(cast) == (0, 0)


def test_a_claim_that_died_comes_back(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    later = NOW + timedelta(minutes=1)
    assert orders.claim_due(later, 10)
    assert orders.claim_due(later + orders.LEASE, 10) == [started.order_id]
