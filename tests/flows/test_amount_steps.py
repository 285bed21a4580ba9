"""Amounts that a provider cannot represent: never asked of it, and given back another way in sight.

Stripe takes dinars in tens of fils, PayPal whole forints (payments/ways_to_pay.toml).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from keepline.core.agenda import Step
from keepline.core.lifecycle.order import OrderState
from keepline.core.lifecycle.refund import RefundState
from keepline.core.money import Money
from keepline.flows import refund_order, renew_line, top_up_wallet
from keepline.flows.advance_order import advance
from keepline.flows.errors import FlowRefused
from keepline.flows.list_exchanges import list_exchanges
from keepline.flows.list_ways_to_pay import list_ways_to_pay
from keepline.flows.open_payment import open_payment
from keepline.flows.recognise_revenue import number_receipts
from keepline.flows.refund_order import RefundRequest
from keepline.flows.settle_payment import settle
from keepline.flows.show_renewal import PayOption, show_renewal
from keepline.flows.sweep_lines import sweep
from keepline.gateways import switchboard
from keepline.gateways.payments.paypal.amounts import text_of
from keepline.gateways.payments.port import (
    ChargeRequest,
    OpenedPayment,
    PaymentRequest,
    PaymentStatus,
    RefundStatus,
)
from keepline.gateways.payments.port import RefundRequest as RefundAsked
from keepline.gateways.payments.stripe.amounts import to_stripe
from keepline.lines.models import Validity
from keepline.messages.models import Outbox
from keepline.orders.models import Order
from keepline.payments.models import Payment, Refund, SavedMethod
from tests.cast import NOW, Cast, assemble
from tests.doubles import FakeProvider
from tests.exchanging import rates
from tests.flows.acts import request, wallet
from tests.flows.refunds import ANNA, refunded, wish
from tests.saved import charged_for, saved

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TAXED: dict[str, Any] = {  # 1.575 dinars
    "currency": "KWD",
    "price_minor": 1500,
    "tax_rate_ppm": 50_000,
    "tax_inclusive": False,
}


@dataclass
class ExactProvider(FakeProvider):
    """Refuses what the adapter of its name cannot write down."""

    def _must_take(self, amount_minor: int, currency: str) -> None:
        {"stripe": to_stripe, "paypal": text_of}[self.name](amount_minor, currency)

    def open_payment(self, request: PaymentRequest) -> OpenedPayment:
        self._must_take(request.amount_minor, request.currency)
        return super().open_payment(request)

    def charge_stored(self, request: ChargeRequest) -> PaymentStatus:
        self._must_take(request.amount_minor, request.currency)
        return super().charge_stored(request)

    def refund(self, request: RefundAsked) -> RefundStatus:
        self._must_take(request.amount_minor, request.currency)
        return super().refund(request)


@pytest.fixture(autouse=True)
def all_ports(all_ports: None) -> Iterator[None]:
    """Stripe and PayPal in the sandbox's place."""
    sandbox = switchboard._factories.pop("payments:sandbox")
    made = {name: ExactProvider(name) for name in ("stripe", "paypal")}
    for name, one in made.items():
        switchboard.connect(f"payments:{name}", lambda one=one: one)
    yield
    for name in made:
        del switchboard._factories[f"payments:{name}"]
    switchboard.connect("payments:sandbox", sandbox)


def at(name: str) -> ExactProvider:
    found = switchboard.payments(name)
    assert isinstance(found, ExactProvider)
    return found


def options(cast: Cast) -> list[PayOption]:
    _choices, order = show_renewal(cast.line.id, cast.account.id, cast.plan.code, NOW)
    assert order is not None
    return list(order.options)


def paid(cast: Cast, provider: str, **changes: Any) -> Order:
    """A renewal that the provider and the wallet paid, with its receipt."""
    currency = cast.account.currency
    asked = request(cast, provider=provider, **{"currency": currency} | changes)
    order_id = renew_line.start(asked, NOW).order_id
    assert open_payment(order_id, "en", NOW)
    at(provider).pay(Payment.objects.get(order_id=order_id).id)
    assert settle(order_id, NOW) is OrderState.COMPLETED
    number_receipts("house", NOW)
    row: Order = Order.objects.by_id(order_id)
    return row


def test_what_no_provider_can_write_down_is_not_offered() -> None:
    cast = assemble(wallet_minor=0, **TAXED)
    assert options(cast) == []
    ways_for = list_ways_to_pay(cast.account.id, "KWD")
    assert (ways_for(1575), [way.provider for way in ways_for(1570)]) == ([], ["stripe"])
    with pytest.raises(FlowRefused, match="provider_unknown"):
        renew_line.start(request(cast, currency="KWD", provider="stripe"), NOW)
    assert not Order.objects.exclude(kind="opening").exists()


@pytest.mark.parametrize(
    ("free", "from_wallet", "from_provider"), [(1000, 995, 580), (5, 5, 1570), (1574, 1565, 10)]
)
def test_the_wallet_pays_less_so_that_the_provider_can_take_the_rest(
    free: int, from_wallet: int, from_provider: int
) -> None:
    cast = assemble(wallet_minor=free, **TAXED)
    [option] = options(cast)
    seen = (option.use_wallet, option.provider, option.wallet_minor, option.payment_minor)
    assert seen == ("part", "stripe", from_wallet, from_provider)
    preview = renew_line.preview(
        cast.account.id, cast.line.id, cast.plan.code, "KWD", "part", NOW
    ).decision.funding
    assert (preview.wallet_minor, preview.payment_minor) == (from_wallet, from_provider)
    order = paid(cast, "stripe")
    assert (order.wallet_minor, order.payment_minor) == (from_wallet, from_provider)
    assert wallet(cast) == (free - from_wallet, 0)


def test_a_wallet_with_too_little_to_even_it_out_is_not_offered() -> None:
    cast = assemble(wallet_minor=4, **TAXED)
    assert options(cast) == []


def test_a_top_up_of_an_odd_amount_is_refused_before_anything_is_written() -> None:
    cast = assemble(wallet_minor=0, **TAXED)
    asked = top_up_wallet.TopUpRequest(
        cast.account.id, 1235, "KWD", "stripe", "key-0001", "user:1", "portal"
    )
    with pytest.raises(FlowRefused, match="amount_refused"):
        top_up_wallet.start(asked, NOW)
    assert top_up_wallet.start(replace(asked, amount_minor=1230), NOW).first


def test_auto_renew_charges_what_the_method_can_take() -> None:
    cast = assemble(wallet_minor=1000, line_fields={"valid_until": NOW + 3 * DAY}, **TAXED)
    Validity.objects.filter(id=cast.line.id).update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=NOW
    )
    charged_for(cast, stored_card(cast))
    sweep(NOW)
    order = Order.objects.get(line_id=cast.line.id, kind="renewal")
    assert advance(order.id, "en", NOW) is OrderState.COMPLETED
    [charge] = at("stripe").charges.values()
    assert charge.amount_minor == 580
    assert wallet(cast) == (5, 0)


def test_what_a_card_can_never_take_is_told_as_a_short_wallet() -> None:
    cast = assemble(wallet_minor=0, line_fields={"valid_until": NOW + 3 * DAY}, **TAXED)
    Validity.objects.filter(id=cast.line.id).update(
        auto_renew=True, next_step=Step.RENEW, next_action_at=NOW
    )
    charged_for(cast, stored_card(cast))
    sweep(NOW)
    assert not Payment.objects.exists()
    assert Outbox.objects.get(line_id=cast.line.id).kind == "line.renewal_failed"


def stored_card(cast: Cast) -> UUID:
    method_id = saved(cast, at("stripe"))
    SavedMethod.objects.filter(id=method_id).update(kind="card")
    return method_id


@pytest.mark.parametrize(
    ("currency", "rate", "provider", "asked_minor"),
    [
        ("KWD", "0.30715", "stripe", 930),  # 0.92145 dinars, in tens of fils
        ("HUF", "3.512345", "paypal", 1100),  # 10.537035 forints, whole ones
        ("TWD", "31.5", "paypal", 9500),  # 94.50
    ],
)
@pytest.mark.usefixtures("hardly_any_limits")
def test_an_exchanged_amount_goes_up_to_what_the_provider_takes(
    tmp_path: Path, currency: str, rate: str, provider: str, asked_minor: int
) -> None:
    cast = assemble(wallet_minor=0)
    seen = Money(asked_minor, currency)
    with rates(tmp_path, **{currency: rate}):
        [offer] = list_exchanges(cast.account.id, Money(300, "USD"), NOW)
        assert offer.exchange.paid == seen
        assert provider in [way.provider for way in offer.ways]
        order = paid(cast, provider, pay_as=seen)
    assert order.exchange is not None
    assert order.exchange["amount_minor"] == asked_minor


def test_a_refund_shows_what_the_provider_cannot_give_back() -> None:
    cast = assemble(wallet_minor=1000, **TAXED)
    order = paid(cast, "stripe")
    what = refund_order.preview(order.id, wish("part", amount_minor=235), NOW)
    assert (what.back.amount_minor, what.back.method_minor, what.back.wallet_minor) == (235, 230, 5)
    assert (what.sent, what.rest_minor) == (Money(230, "KWD"), 5)
    refund = refunded(order, scope="part", amount_minor=235)
    advance(order.id, "en", NOW)
    assert Refund.objects.get(id=refund.id).state == RefundState.REFUNDED
    assert [each.amount_minor for each in at("stripe").refunds.values()] == [230]
    assert wallet(cast) == (10, 0)
    rest = refunded(order, key="refund-02")
    advance(order.id, "en", NOW)
    assert Refund.objects.get(id=rest.id).state == RefundState.REFUNDED
    assert wallet(cast) == (1000, 0), "the provider took 580, and gave 580 back"


def test_a_refund_smaller_than_the_step_goes_into_the_wallet() -> None:
    cast = assemble(wallet_minor=1000, **TAXED)
    order = paid(cast, "stripe")
    what = refund_order.preview(order.id, wish("part", amount_minor=9), NOW)
    assert (what.back.method_minor, what.back.wallet_minor, what.rest_minor) == (0, 9, 9)
    assert refunded(order, scope="part", amount_minor=9).state == RefundState.TO_WALLET


def test_of_a_top_up_only_what_the_provider_can_give_back() -> None:
    cast = assemble(wallet_minor=0, **TAXED)
    asked = top_up_wallet.TopUpRequest(
        cast.account.id, 2000, "KWD", "stripe", "key-0001", "user:1", "portal"
    )
    order_id = top_up_wallet.start(asked, NOW).order_id
    open_payment(order_id, "en", NOW)
    at("stripe").pay(Payment.objects.get(order_id=order_id).id)
    settle(order_id, NOW)
    number_receipts("house", NOW)
    order = Order.objects.by_id(order_id)
    for odd in (1235, 9):
        with pytest.raises(FlowRefused, match="refund_amount"):
            refund_order.preview(order.id, wish("part", amount_minor=odd), NOW)
    assert refund_order.preview(order.id, wish("part", amount_minor=1230), NOW).rest_minor == 0


@pytest.mark.parametrize(
    ("currency", "rate", "provider", "step"),
    [("KWD", "0.30715", "stripe", 10), ("HUF", "3.512345", "paypal", 100)],
)
@pytest.mark.usefixtures("hardly_any_limits")
def test_parts_of_an_exchanged_order_go_back_on_the_step_and_make_up_the_whole(
    tmp_path: Path, currency: str, rate: str, provider: str, step: int
) -> None:
    cast = assemble(wallet_minor=0)
    with rates(tmp_path, **{currency: rate}):
        [offer] = list_exchanges(cast.account.id, Money(300, "USD"), NOW)
        order = paid(cast, provider, pay_as=offer.exchange.paid)
    for number, part in enumerate((101, 33, 1)):
        seen = refund_order.preview(order.id, wish("part", amount_minor=part), NOW)
        assert seen.sent.amount_minor % step == 0
        asked = RefundRequest(
            order.id, wish("part", amount_minor=part), "late", f"refund-{number}", ANNA, part
        )
        assert refund_order.ask(asked, NOW).method_minor == seen.back.method_minor
        advance(order.id, "en", NOW)
    refunded(order, key="refund-whole")
    advance(order.id, "en", NOW)
    given = [each.amount_minor for each in at(provider).refunds.values()]
    assert all(amount % step == 0 for amount in given)
    states = set(Refund.objects.values_list("state", flat=True))
    assert states <= {RefundState.REFUNDED, RefundState.TO_WALLET}
    assert not Refund.objects.exclude(refusal_code="").exists(), "nothing was refused"
    in_wallet = wallet(cast)[0]
    lacking = offer.exchange.paid.amount_minor - sum(given)
    worth = in_wallet * offer.exchange.paid.amount_minor
    assert abs(worth - lacking * 300) <= 300 * step
