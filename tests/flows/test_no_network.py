"""An installation without a network, as production is: no money is taken in vain, none waits."""

from datetime import timedelta
from uuid import UUID

import pytest

from keepline.core.lifecycle.line import LineEvent
from keepline.core.lifecycle.order import OrderState
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.settle_payment import settle
from keepline.gateways import switchboard
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import move_line, pay_by_provider, request, wallet

pytestmark = pytest.mark.django_db
LATE = NOW + timedelta(minutes=11)


@pytest.fixture
def unplug(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """`unplug.delitem(*NETWORK)` takes the network away."""
    return monkeypatch


NETWORK = (switchboard._factories, "network")


def rests(order_id: UUID) -> bool:
    order = Order.objects.by_id(order_id)
    return (order.undo_due, order.next_action_at) == (False, None)


def test_a_renewal_that_needs_it_is_refused_before_money_moves(unplug: pytest.MonkeyPatch) -> None:
    cast = assemble(delivery="network")
    unplug.delitem(*NETWORK)
    with pytest.raises(FlowRefused, match="no_network"):
        renew_line.start(request(cast), NOW)
    with pytest.raises(FlowRefused, match="no_network"):
        renew_line.preview(cast.account.id, cast.line.id, cast.plan.code, "USD", "part", NOW)
    assert wallet(cast) == (1000, 0)
    assert not Order.objects.exclude(kind="opening").exists()


def test_other_renewals_go_on(unplug: pytest.MonkeyPatch) -> None:
    cast = assemble()
    unplug.delitem(*NETWORK)
    assert renew_line.start(request(cast), NOW).state is OrderState.COMPLETED


def test_a_line_cut_between_order_and_payment(
    unplug: pytest.MonkeyPatch, provider: FakeProvider
) -> None:
    cast = assemble(wallet_minor=100)
    unplug.delitem(*NETWORK)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    provider.pay(Payment.objects.get(order_id=started.order_id).id)
    move_line(cast, LineEvent.EXPIRE)
    assert settle(started.order_id, NOW) is OrderState.IN_PROGRESS
    for seconds in (1, 40):  # claimed as workers do: once, then not before the promise
        orders.claim_due(NOW + timedelta(seconds=seconds), 10)
        assert advance(started.order_id, "en", NOW) is OrderState.IN_PROGRESS
        order = Order.objects.by_id(started.order_id)
        assert order.next_action_at == order.promised_until
    assert orders.claim_due(LATE, 10) == [started.order_id]
    assert advance(started.order_id, "en", LATE) is OrderState.WITHDRAWN
    advance(started.order_id, "en", LATE)
    payment = Payment.objects.get(order_id=started.order_id)
    assert payment.refunded_minor == payment.captured_minor > 0
    assert wallet(cast) == (100, 0)
    assert rests(started.order_id)


def test_withdrawn_without_ever_being_sent(
    unplug: pytest.MonkeyPatch, provider: FakeProvider
) -> None:
    """No worker looked before the promise passed: nothing is to be undone."""
    cast = assemble(wallet_minor=100, delivery="network")
    order_id = pay_by_provider(cast, provider)
    unplug.delitem(*NETWORK)
    assert advance(order_id, "en", LATE) is OrderState.WITHDRAWN
    advance(order_id, "en", LATE)
    assert wallet(cast) == (100, 0)
    assert rests(order_id)


@pytest.mark.parametrize("trace", ["silence", "dead worker"])
def test_what_may_have_been_sent_is_undone_when_a_network_is_back(
    trace: str, unplug: pytest.MonkeyPatch, provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = ["mute"]
    order_id = pay_by_provider(cast, provider)
    if trace == "silence":
        advance(order_id, "en", NOW)
    else:  # claimed twice, and nobody knows how far the first worker came
        orders.claim_due(NOW, 10)
        orders.claim_due(NOW + timedelta(minutes=2), 10)
    unplug.delitem(*NETWORK)
    assert advance(order_id, "en", NOW + timedelta(minutes=3)) is OrderState.HELD
    assert advance(order_id, "en", LATE) is OrderState.WITHDRAWN
    advance(order_id, "en", LATE)
    order = Order.objects.by_id(order_id)
    assert order.undo_due
    assert order.next_action_at is not None
    assert order.next_action_at > LATE
    assert wallet(cast) == (100, 0)
    switchboard.connect("network", lambda: network)
    advance(order_id, "en", LATE + timedelta(hours=2))
    assert rests(order_id)
