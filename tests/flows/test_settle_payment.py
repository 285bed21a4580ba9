"""settle_payment: booked once, whatever the provider says and whenever."""

from datetime import timedelta

import pytest

from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.payment import PaymentState
from keepline.core.postings import house_account_id
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import audit
from keepline.flows.open_payment import open_payment
from keepline.flows.settle_payment import settle
from keepline.ledger.models import Transfer, Wallet
from keepline.lines.models import Extension, Validity
from keepline.orders.models import Order
from keepline.payments.models import Payment
from keepline.payments.services import payment_id_of
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.flows.acts import move_line, request, wallet

pytestmark = pytest.mark.django_db


def test_provider_and_wallet_pay_a_part_each(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    assert (started.state, started.needs_payment) == (OrderState.ACKNOWLEDGED, True)
    assert wallet(cast) == (100, 100)
    assert open_payment(started.order_id, "en", NOW)
    payment = Payment.objects.get(order_id=started.order_id)
    assert payment.amount_minor == 200
    provider.pay(payment.id)
    assert settle(started.order_id, NOW + timedelta(minutes=2)) is OrderState.COMPLETED
    assert settle(started.order_id, NOW + timedelta(hours=3)) is OrderState.COMPLETED
    assert wallet(cast) == (0, 0)
    assert Extension.objects.filter(order_id=started.order_id).count() == 1


def test_what_is_declined_gives_the_wallets_part_free(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    provider.decline(Payment.objects.get(order_id=started.order_id).id)
    assert settle(started.order_id, NOW) is OrderState.CANCELLED
    assert wallet(cast) == (100, 0)


def test_an_amount_that_differs_is_not_a_sale(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    provider.pay(Payment.objects.get(order_id=started.order_id).id, captured_minor=150)
    assert settle(started.order_id, NOW) is OrderState.FAILED
    advance(started.order_id, "en", NOW)
    assert Payment.objects.get(order_id=started.order_id).refunded_minor == 150
    assert wallet(cast) == (100, 0)


def paid_in_another_currency(provider: FakeProvider, cast: Cast) -> Payment:
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    provider.pay(payment_id_of(started.order_id), captured_minor=200, currency="EUR")
    assert settle(started.order_id, NOW) is OrderState.FAILED
    taken = Payment.objects.get(order_id=started.order_id)
    assert (taken.currency, taken.captured_minor) == ("EUR", 200)
    return taken


def test_another_currency_is_booked_as_what_it_is_and_goes_back(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    taken = paid_in_another_currency(provider, cast)
    assert audit(NOW) == []
    advance(taken.order_id, "en", NOW)
    taken.refresh_from_db()
    assert (taken.state, taken.refunded_minor) == (PaymentState.CAPTURED, 200)
    assert wallet(cast) == (100, 0)
    clearing = house_account_id("clearing", "USD", "sandbox")
    assert not Transfer.objects.filter(debit_id=clearing).exists()
    assert audit(NOW) == []


def test_another_currency_that_cannot_go_back_is_the_holders_in_it(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    provider.refuse_refunds = True
    taken = paid_in_another_currency(provider, cast)
    advance(taken.order_id, "en", NOW)
    euros = Wallet.objects.get(account_id=cast.account.id, currency="EUR")
    assert (euros.posted_minor, wallet(cast)) == (200, (100, 0))
    assert audit(NOW) == []


def test_money_that_comes_after_the_end_goes_back(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    payment_id = Payment.objects.get(order_id=started.order_id).id
    provider.decline(payment_id)
    assert settle(started.order_id, NOW) is OrderState.CANCELLED
    provider.pay(payment_id)
    settle(started.order_id, NOW + timedelta(hours=2))
    advance(started.order_id, "en", NOW + timedelta(hours=2))
    payment = Payment.objects.get(order_id=started.order_id)
    assert (payment.state, payment.refunded_minor) == (PaymentState.CAPTURED, 200)
    assert wallet(cast) == (100, 0)


def test_a_provider_without_an_answer_is_asked_later(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    provider.silent = 1
    assert settle(started.order_id, NOW) is OrderState.ACKNOWLEDGED
    assert Payment.objects.get(order_id=started.order_id).asks == 1
    assert Order.objects.by_id(started.order_id).next_action_at > NOW


def test_a_silence_puts_no_look_beyond_the_end_of_the_checkout(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    provider.silent = 8
    for minute in range(8):  # then an hour is the next pause planned
        settle(started.order_id, NOW + minute * timedelta(minutes=1))
    over = NOW + timedelta(hours=1, seconds=1)
    assert Order.objects.by_id(started.order_id).next_action_at == over
    assert settle(started.order_id, over) is OrderState.CANCELLED


def test_a_checkout_left_open_is_closed(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    assert settle(started.order_id, NOW + timedelta(minutes=61)) is OrderState.CANCELLED
    assert Order.objects.by_id(started.order_id).failure_code == "payment_expired"
    assert wallet(cast) == (100, 0)


def test_service_that_was_cut_before_the_money_came_is_switched_on_again(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100)  # a plan that the network need not hear of
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    move_line(cast, LineEvent.EXPIRE)
    provider.pay(Payment.objects.get(order_id=started.order_id).id)
    later = NOW + timedelta(minutes=5)
    assert settle(started.order_id, later) is OrderState.IN_PROGRESS
    assert advance(started.order_id, "en", later) is OrderState.COMPLETED
    assert network.lines[str(cast.line.id)].state == "active"
    assert Validity.objects.by_id(cast.line.id).state == LineState.ACTIVE
    assert wallet(cast) == (0, 0)


def test_money_for_a_line_that_ended_goes_back(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    started = renew_line.start(request(cast, provider="sandbox"), NOW)
    open_payment(started.order_id, "en", NOW)
    move_line(cast, LineEvent.TERMINATE)
    provider.pay(Payment.objects.get(order_id=started.order_id).id)
    assert settle(started.order_id, NOW) is OrderState.FAILED
    advance(started.order_id, "en", NOW)
    assert Payment.objects.get(order_id=started.order_id).refunded_minor == 200
    assert (network.standing, wallet(cast)) == ({}, (100, 0))
