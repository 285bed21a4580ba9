"""open_payment: one checkout a payment, however often it is asked for."""

from datetime import timedelta

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.flows import renew_line
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.gateways import switchboard
from keepline.orders.models import Order
from keepline.payments.models import Payment, ProviderPayment
from tests.cast import NOW, assemble
from tests.doubles import FakeProvider
from tests.flows.acts import request, wallet

pytestmark = pytest.mark.django_db


def test_a_repeat_is_the_same_checkout(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    first = open_payment(started.order_id, "en", NOW)
    assert first == open_payment(started.order_id, "en", NOW)
    assert first is not None
    assert (len(provider.payments), ProviderPayment.objects.count()) == (1, 1)


@pytest.mark.parametrize(("on_phone", "device"), [(False, None), (True, "phone")])
def test_the_provider_is_told_of_a_phone(
    provider: FakeProvider, on_phone: bool, device: str | None
) -> None:
    cast = assemble(wallet_minor=0)
    order_id = renew_line.start(request(cast, provider="sandbox"), NOW).order_id
    open_payment(order_id, "en", NOW, on_phone=on_phone)
    [asked] = provider.bodies.values()
    assert asked.metadata.get("device") == device


def test_a_silent_provider_is_asked_again(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    provider.silent = 1
    assert open_payment(started.order_id, "en", NOW) is None
    assert Order.objects.by_id(started.order_id).next_action_at == NOW + timedelta(seconds=10)
    assert open_payment(started.order_id, "en", NOW) is not None
    assert len(provider.payments) == 1


def test_a_definite_no_ends_the_order(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    provider.refuse_opening = True
    with pytest.raises(FlowRefused, match="provider_refused"):
        open_payment(started.order_id, "en", NOW)
    assert Order.objects.by_id(started.order_id).state == OrderState.CANCELLED
    assert Payment.objects.get(order_id=started.order_id).state == PaymentState.DECLINED
    assert wallet(cast) == (100, 0)


def test_an_opening_whose_answer_was_lost_is_found_again_in_other_words(
    provider: FakeProvider,
) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    provider.silent = 1
    assert open_payment(started.order_id, "zh-hans", NOW) is None
    address = open_payment(started.order_id, "en", NOW)  # the provider refuses another body
    assert address is not None
    assert Order.objects.by_id(started.order_id).state == OrderState.ACKNOWLEDGED
    assert Payment.objects.get(order_id=started.order_id).checkout_url == address


@pytest.mark.parametrize(
    ("allowed", "kinds"),
    [(None, ()), (frozenset({"sandbox:sandbox", "stripe:card"}), ("sandbox",))],
)
def test_the_provider_is_told_what_the_operator_offers(
    provider: FakeProvider, allowed: frozenset[str] | None, kinds: tuple[str, ...]
) -> None:
    switchboard.allow_methods(allowed)
    try:
        cast = assemble(wallet_minor=0)
        order_id = renew_line.start(request(cast, provider="sandbox"), NOW).order_id
        open_payment(order_id, "en", NOW)
    finally:
        switchboard.allow_methods(None)
    (body,) = provider.bodies.values()
    assert body.kinds == kinds
