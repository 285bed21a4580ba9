"""advance_order: the one switch, from a checkout that never opened to the end."""

from datetime import timedelta
from uuid import UUID

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.flows import renew_line, settle_payment
from keepline.flows.advance_order import advance, advance_together, bundles
from keepline.flows.open_payment import open_payment
from keepline.flows.receive_webhook import receive_webhook
from keepline.flows.settle_payment import settle
from keepline.gateways.payments.port import PaymentRequest, ProviderUnknown
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments.models import Payment
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import request, wallet

pytestmark = pytest.mark.django_db


def open_payment_request(order_id: UUID) -> PaymentRequest:
    payment = Payment.objects.get(order_id=order_id)
    return PaymentRequest(payment.id, order_id, payment.amount_minor, "USD", "", "", "", "en")


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


def test_an_opening_that_nobody_saw_is_tried_until_it_succeeds(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    for minute in (1, 2, 3):
        provider.silent = 2
        provider.payments.clear()
        assert orders.claim_due(NOW + timedelta(minutes=minute), 10)
        advance(started.order_id, "en", NOW + timedelta(minutes=minute))
    provider.silent = 0
    advance(started.order_id, "en", NOW + timedelta(minutes=4))
    assert Payment.objects.get(order_id=started.order_id).checkout_url


def test_money_for_an_order_that_is_over_is_found_by_the_webhook_alone(
    provider: FakeProvider,
) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    payment_id = Payment.objects.get(order_id=started.order_id).id
    provider.decline(payment_id)
    assert settle(started.order_id, NOW) is OrderState.CANCELLED
    provider.pay(payment_id)
    late = NOW + timedelta(hours=2)
    receive_webhook("sandbox", {"X-Good": "yes"}, f"evt_1 {payment_id}".encode(), late)
    while orders.claim_due(late, 10):
        advance(started.order_id, "en", late)
    payment = Payment.objects.get(order_id=started.order_id)
    assert (payment.state, payment.refunded_minor) == (PaymentState.CAPTURED, 200)
    assert Order.objects.by_id(started.order_id).next_action_at is None
    assert wallet(cast) == (100, 0)


@pytest.mark.parametrize("ended", [True, False], ids=["an ended order", "a waiting order"])
def test_a_webhook_during_the_question_is_not_pushed_away(
    provider: FakeProvider, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    payment_id = Payment.objects.get(order_id=started.order_id).id
    if ended:
        provider.decline(payment_id)
        settle(started.order_id, NOW)
        orders.look_again(Order.objects.by_id(started.order_id), NOW)
    instant = NOW + timedelta(minutes=1)
    assert orders.claim_due(instant, 10)
    answer = provider.ask

    def paid_just_after_the_answer(*args: object) -> object:
        status = answer(payment_id, None)
        provider.pay(payment_id)
        receive_webhook("sandbox", {"X-Good": "yes"}, f"evt_1 {payment_id}".encode(), instant)
        return status

    monkeypatch.setattr(provider, "ask", paid_just_after_the_answer)
    advance(started.order_id, "en", instant)
    assert Order.objects.by_id(started.order_id).next_action_at == instant


def test_a_checkout_of_an_order_that_is_over_is_closed(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    late = NOW + settle_payment.CHECKOUT_OPEN_FOR + timedelta(seconds=1)
    assert settle(started.order_id, late) is OrderState.CANCELLED  # the provider knew of nothing
    payment = Payment.objects.get(order_id=started.order_id)
    provider.silent = 1  # a slow opening gets through after all
    with pytest.raises(ProviderUnknown):
        provider.open_payment(open_payment_request(started.order_id))
    receive_webhook("sandbox", {"X-Good": "yes"}, f"evt_1 {payment.id}".encode(), late)
    advance(started.order_id, "en", late)
    assert provider.payments[payment.id].status == "expired"


def test_those_that_wait_for_the_network_go_together_within_their_promise(
    network: ScriptedNetwork, provider: FakeProvider
) -> None:
    cast = assemble(wallet_minor=1000, delivery="network")
    waiting = [renew_line.start(request(cast, key=f"key-{n:04}"), NOW).order_id for n in range(2)]
    unpaid = renew_line.start(
        request(cast, key="key-0009", use_wallet="none", provider="sandbox"), NOW
    ).order_id
    (_, together), *alone = bundles([*waiting, unpaid], NOW)
    assert (sorted(together), alone) == (sorted(waiting), [("", [unpaid])])
    late = NOW + timedelta(minutes=11)
    assert sorted(bundles(waiting, late)) == sorted(("", [order_id]) for order_id in waiting)
    advance_together(together, "en", NOW)
    assert [Order.objects.by_id(order_id).state for order_id in waiting] == [
        "completed",
        "in_progress",
    ]


def test_what_holds_stock_goes_alone(network: ScriptedNetwork) -> None:
    cast = assemble(delivery="network")
    ids = [renew_line.start(request(cast, key=f"key-{n:04}"), NOW).order_id for n in range(2)]
    Order.objects.filter(id=ids[0]).update(stock={"number": 447_900_000_001})
    assert bundles(ids, NOW) == [("", [ids[1]]), ("", [ids[0]])]
