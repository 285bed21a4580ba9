"""Orders paid in another currency: each currency balances, and what was paid goes back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from keepline.core.lifecycle.order import OrderState
from keepline.core.money import Money
from keepline.core.postings import fold_balances, house_account_id
from keepline.flows import renew_line
from keepline.flows.advance_order import advance
from keepline.flows.audit_books import audit
from keepline.flows.errors import FlowRefused
from keepline.flows.open_payment import open_payment
from keepline.flows.settle_payment import settle
from keepline.flows.show_order import show_order
from keepline.flows.show_wallet import show_wallet
from keepline.ledger import services as ledger
from keepline.ledger.models import Transfer, Wallet
from keepline.orders.models import Order
from keepline.payments.models import Payment
from keepline.payments.services import payment_id_of
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider, ScriptedNetwork
from tests.exchanging import rates
from tests.flows.acts import request, wallet

pytestmark = pytest.mark.django_db
RATES = {"EUR": "0.9213", "JPY": "147.65", "KWD": "0.30715"}
OF_200 = {"EUR": 184, "JPY": 295, "KWD": 614}  # of 2.00 USD, by hand


@pytest.fixture(autouse=True)
def todays_rates(tmp_path: Path) -> Iterator[None]:
    with rates(tmp_path, **RATES):
        yield


def begun(cast: Cast, provider: FakeProvider, currency: str) -> UUID:
    """3.00 USD, of which the wallet has 1.00; the rest is to be paid in `currency`."""
    seen = Money(OF_200[currency], currency)
    asked = request(cast, provider="sandbox", pay_as=seen)
    started = renew_line.start(asked, NOW)
    assert open_payment(started.order_id, "en", NOW)
    body = provider.bodies[payment_id_of(started.order_id)]
    assert Money(body.amount_minor, body.currency) == seen
    return started.order_id


def stands(code: str, currency: str, party: str = "") -> int:
    account = house_account_id(code, currency, party)
    balances = fold_balances(Transfer.objects.filter(currency=currency))
    return balances[account].posted_minor if account in balances else 0


def sums() -> set[int]:
    """Of each currency by itself."""
    found = set()
    for currency in set(Transfer.objects.values_list("currency", flat=True)):
        folded = fold_balances(Transfer.objects.filter(currency=currency))
        found.add(sum(balance.posted_minor for balance in folded.values()))
    return found


@pytest.mark.parametrize("currency", OF_200)
def test_paid_in_another_currency(provider: FakeProvider, currency: str) -> None:
    cast = assemble(wallet_minor=100)
    order_id = begun(cast, provider, currency)
    provider.pay(payment_id_of(order_id))
    assert settle(order_id, NOW) is OrderState.COMPLETED
    assert settle(order_id, NOW) is OrderState.COMPLETED
    paid = OF_200[currency]
    assert wallet(cast) == (0, 0)
    assert (stands("exchange", currency), stands("exchange", "USD")) == (paid, -200)
    assert stands("clearing", currency, "sandbox") == -paid
    assert stands("deferred_revenue", "USD") == 300
    assert sums() == {0}
    order = Order.objects.by_id(order_id)
    assert (order.total_minor, order.currency, order.payment_minor) == (300, "USD", 200)
    assert order.exchange == {
        "currency": currency,
        "amount_minor": paid,
        "rate": RATES[currency],
        "rate_on": "2026-03-10",
        "source": "A Bank",
    }
    view = show_order(order_id, cast.account.id, NOW)
    assert (view.taken_minor, view.taken_currency) == (300, "USD")
    assert view.exchange is not None
    assert view.exchange.paid == Money(paid, currency)
    entries = show_wallet(cast.account.id, NOW, "USD").entries
    assert (11, 200) in [(one.movement.code, one.movement.amount_minor) for one in entries]
    assert not Wallet.objects.filter(account_id=cast.account.id, currency=currency).exists()


@pytest.mark.parametrize("currency", OF_200)
def test_what_was_paid_goes_back_in_its_currency(
    provider: FakeProvider, network: ScriptedNetwork, currency: str
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script = ["refuse"]
    order_id = begun(cast, provider, currency)
    provider.pay(payment_id_of(order_id))
    assert settle(order_id, NOW) is OrderState.IN_PROGRESS
    assert audit(NOW) == []
    assert advance(order_id, "en", NOW) is OrderState.FAILED
    assert stands("refunds_in_transit", currency) == OF_200[currency]
    assert audit(NOW) == []
    advance(order_id, "en", NOW)
    (back,) = provider.refunds.values()
    assert (back.status, back.amount_minor) == ("refunded", OF_200[currency])
    assert wallet(cast) == (100, 0)
    for code in ("exchange", "refunds_in_transit", "deferred_revenue"):
        assert (stands(code, currency), stands(code, "USD")) == (0, 0)
    assert stands("clearing", currency, "sandbox") == 0
    assert sums() == {0}


def test_what_the_provider_will_not_take_back_is_the_holders_in_its_currency(
    provider: FakeProvider, network: ScriptedNetwork
) -> None:
    cast = assemble(wallet_minor=100, delivery="network")
    network.script, provider.refuse_refunds = ["refuse"], True
    order_id = begun(cast, provider, "JPY")
    provider.pay(payment_id_of(order_id))
    settle(order_id, NOW)
    advance(order_id, "en", NOW)
    advance(order_id, "en", NOW)
    assert wallet(cast) == (100, 0)
    yen = Wallet.objects.by_id(ledger.wallet_id_of(cast.account.id, "JPY"))
    assert (yen.posted_minor, yen.pending_minor) == (OF_200["JPY"], 0)
    view = show_order(order_id, cast.account.id, NOW)
    assert (view.stage, view.taken_minor, view.taken_currency) == ("to_wallet", 295, "JPY")


def test_money_that_comes_too_late_goes_back(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    order_id = begun(cast, provider, "EUR")
    provider.decline(payment_id_of(order_id))
    assert settle(order_id, NOW) is OrderState.CANCELLED
    provider.pay(payment_id_of(order_id))
    Payment.objects.filter(order_id=order_id).update(state="pending")  # a slow method
    settle(order_id, NOW)
    assert wallet(cast) == (100, 0)
    advance(order_id, "en", NOW)
    assert (stands("exchange", "EUR"), stands("clearing", "EUR", "sandbox")) == (0, 0)


@pytest.mark.parametrize(("minor", "currency"), [(183, "EUR"), (200, "USD"), (184, "GBP")])
def test_another_amount_or_currency_than_agreed_goes_back_as_what_it_is(
    provider: FakeProvider, minor: int, currency: str
) -> None:
    cast = assemble(wallet_minor=100)
    order_id = begun(cast, provider, "EUR")
    provider.pay(payment_id_of(order_id), captured_minor=minor, currency=currency)
    assert settle(order_id, NOW) is OrderState.FAILED
    assert audit(NOW) == []
    advance(order_id, "en", NOW)
    assert wallet(cast) == (100, 0)
    assert stands("exchange", "EUR") == 0
    assert Payment.objects.get(order_id=order_id).refunded_minor == minor


def test_a_rate_that_changed_takes_nothing(provider: FakeProvider, tmp_path: Path) -> None:
    cast = assemble(wallet_minor=100)
    asked = request(cast, provider="sandbox", pay_as=Money(184, "EUR"))
    with rates(tmp_path, EUR="0.95"), pytest.raises(FlowRefused, match="rate_changed"):
        renew_line.start(asked, NOW)
    assert not Order.objects.filter(kind="renewal").exists()
    assert wallet(cast) == (100, 0)


def test_an_order_keeps_its_rate(provider: FakeProvider, tmp_path: Path) -> None:
    cast = assemble(wallet_minor=100)
    order_id = begun(cast, provider, "EUR")
    with rates(tmp_path, EUR="0.50"):
        again = renew_line.start(request(cast, provider="sandbox", pay_as=Money(184, "EUR")), NOW)
        provider.pay(payment_id_of(order_id))
        assert settle(order_id, NOW) is OrderState.COMPLETED
    assert (again.order_id, again.first) == (order_id, False)


def test_the_currency_is_part_of_what_a_key_stands_for(provider: FakeProvider) -> None:
    cast = assemble(wallet_minor=100)
    begun(cast, provider, "EUR")
    asked = request(cast, provider="sandbox", pay_as=Money(184, "EUR"))
    for other in (Money(295, "JPY"), None):
        with pytest.raises(FlowRefused, match="key_reused"):
            renew_line.start(replace(asked, pay_as=other), NOW)


def test_a_wallet_that_pays_all_exchanges_nothing() -> None:
    cast = assemble(wallet_minor=300)
    asked = request(cast, provider="sandbox", pay_as=Money(184, "EUR"))
    started = renew_line.start(asked, NOW)
    assert (started.state, started.order.exchange) == (OrderState.COMPLETED, None)
