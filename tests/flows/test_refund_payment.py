"""refund_payment: money goes back by itself."""

from datetime import timedelta

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.open_payment import open_payment
from keepline.flows.settle_payment import settle
from keepline.flows.telling.way import Addressee
from keepline.lines.models import Extension
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import pay_by_provider, request, wallet
from tests.telling import written

pytestmark = pytest.mark.django_db


def test_a_refusal_of_the_network_gives_the_money_back(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = ["refuse"]
    order_id = pay_by_provider(cast, provider)
    assert advance(order_id, "en", NOW) is OrderState.FAILED
    assert wallet(cast) == (100, 0)
    assert Payment.objects.get(order_id=order_id).refunding_minor == 200
    advance(order_id, "en", NOW)
    payment = Payment.objects.get(order_id=order_id)
    assert payment.state == PaymentState.CAPTURED
    assert (payment.refunding_minor, payment.refunded_minor) == (0, 200)
    assert Order.objects.by_id(order_id).next_action_at is None
    assert not Extension.objects.filter(order_id=order_id).exists()


def test_a_refund_that_is_refused_stays_in_the_wallet(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script, provider.refuse_refunds = ["refuse"], True
    order_id = pay_by_provider(cast, provider)
    advance(order_id, "en", NOW)
    advance(order_id, "en", NOW)
    assert wallet(cast) == (300, 0)
    assert Outbox.objects.filter(kind="order.refunded_to_wallet").count() == 1
    assert Order.objects.by_id(order_id).next_action_at is None


def test_letters_name_what_really_goes_back(provider: FakeProvider) -> None:
    """The provider took another amount, in another currency, than the order asked for."""
    cast = assemble(wallet_minor=100)
    order_id = renew_line.start(request(cast, provider="sandbox"), NOW).order_id
    open_payment(order_id, "en", NOW)
    provider.pay(Payment.objects.get().id, captured_minor=170, currency="EUR")
    settle(order_id, NOW)
    advance(order_id, "en", NOW)
    reader = Addressee("user:1", "alice@example.com", "en", "Europe/Berlin", "Alice")
    for kind in ("order.failed", "order.refunded"):
        event = Outbox.objects.get(order_id=order_id, kind=kind)
        first_line = written(event, reader, NOW).text.splitlines()[0]
        assert "€1.70" in first_line
        assert "2.00" not in first_line


def test_a_refund_without_an_answer_is_sent_again_and_done_once(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = ["refuse"]
    order_id = pay_by_provider(cast, provider)
    advance(order_id, "en", NOW)
    provider.silent = 1
    advance(order_id, "en", NOW)
    assert Payment.objects.get(order_id=order_id).refunding_minor == 200
    advance(order_id, "en", NOW + timedelta(minutes=5))
    assert len(provider.refunds) == 1
    assert Payment.objects.get(order_id=order_id).refunded_minor == 200
