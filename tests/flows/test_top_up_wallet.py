"""top_up_wallet: money into the wallet, once."""

from dataclasses import replace

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.core.velocity import Sums
from keepline.flows import top_up_wallet
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.settle_payment import settle
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments import limits
from keepline.payments.models import Payment
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import wallet

pytestmark = pytest.mark.django_db


def request(cast: Cast, amount_minor: int = 2500) -> top_up_wallet.TopUpRequest:
    return top_up_wallet.TopUpRequest(
        account_id=cast.account.id,
        amount_minor=amount_minor,
        currency="USD",
        provider="sandbox",
        key="top-up-0001",
        actor="user:1",
        channel="portal",
    )


def test_the_money_is_in_the_wallet_once(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = top_up_wallet.start(request(cast), NOW)
    assert top_up_wallet.start(request(cast), NOW).order_id == started.order_id
    open_payment(started.order_id, "en", NOW)
    provider.pay(Payment.objects.get(order_id=started.order_id).id)
    assert settle(started.order_id, NOW) is OrderState.COMPLETED
    assert settle(started.order_id, NOW) is OrderState.COMPLETED
    assert wallet(cast) == (2600, 0)
    assert Outbox.objects.get(order_id=started.order_id).kind == "wallet.topped_up"


@pytest.mark.parametrize("amount_minor", [0, -5, 99, 50_001])
def test_an_amount_outside_the_limits_is_refused(amount_minor: int) -> None:
    cast = assemble()
    with pytest.raises(FlowRefused, match="amount_refused"):
        top_up_wallet.start(request(cast, amount_minor), NOW)
    assert not Order.objects.filter(kind="top_up").exists()


def test_limits_follow_the_currencys_exponent() -> None:
    assert top_up_wallet.limits_minor("USD") == (100, 50_000)
    assert top_up_wallet.limits_minor("KRW") == (100, 700_000)
    assert top_up_wallet.limits_minor("KWD") == (1000, 500_000)


def test_the_largest_is_what_the_operator_lets_a_day_hold() -> None:
    assert top_up_wallet.limits_minor("RUB") == (100, 5_000_000)
    assert top_up_wallet.limits_minor("JPY") == (100, 80_000)
    sums = {"default": Sums(20, 40, 40), "JPY": Sums(50, 50, 50)}
    limits.put_in_force(replace(limits.shipped(), sums=sums))
    try:
        assert top_up_wallet.limits_minor("USD") == (100, 2000)
        assert top_up_wallet.limits_minor("JPY") == (50, 50)
        with pytest.raises(FlowRefused) as caught:
            top_up_wallet.start(request(assemble(), 2001), NOW)
    finally:
        limits.put_in_force(None)
    assert caught.value.code == "amount_refused"
    assert caught.value.facts["largest_minor"] == 2000
