"""What the tests of refunds do again and again."""

from datetime import datetime
from typing import Any

from django.db.models import Sum

from keepline.core.postings import house_account_id
from keepline.core.refunds import Destination, Scope, Wish
from keepline.flows import refund_order, renew_line, top_up_wallet
from keepline.flows.open_payment import open_payment
from keepline.flows.recognise_revenue import number_receipts
from keepline.flows.refund_order import RefundRequest
from keepline.flows.settle_payment import settle
from keepline.ledger.models import Transfer
from keepline.orders.models import Order
from keepline.payments.models import Payment, Refund
from tests.cast import NOW, Cast
from tests.doubles import FakeProvider
from tests.flows.acts import request

ANNA, BERT = "staff:1", "staff:2"


def bought(
    cast: Cast, key: str = "key-0001", now: datetime = NOW, provider: FakeProvider | None = None
) -> Order:
    """A renewal that was carried out and has its receipt; with a provider, it paid its part."""
    asked = request(cast, key=key, provider="sandbox" if provider else None)
    order_id = renew_line.start(asked, now).order_id
    if provider:
        _pay(order_id, provider, now)
    number_receipts("house", now)
    return Order.objects.by_id(order_id)  # type: ignore[no-any-return]


def topped_up(cast: Cast, provider: FakeProvider, amount_minor: int = 500) -> Order:
    """A top-up that was paid."""
    asked = top_up_wallet.TopUpRequest(
        cast.account.id, amount_minor, "USD", "sandbox", "key-topup", "user:1", "portal"
    )
    order_id = top_up_wallet.start(asked, NOW).order_id
    _pay(order_id, provider, NOW)
    number_receipts("house", NOW)
    return Order.objects.by_id(order_id)  # type: ignore[no-any-return]


def _pay(order_id: Any, provider: FakeProvider, now: datetime) -> None:
    open_payment(order_id, "en", now)
    provider.pay(Payment.objects.get(order_id=order_id).id)
    settle(order_id, now)


def wish(scope: str = "whole", destination: str = "method", amount_minor: int = 0) -> Wish:
    return Wish(Scope(scope), Destination(destination), amount_minor)


def refunded(order: Order, now: datetime = NOW, key: str = "refund-01", **changes: Any) -> Refund:
    """Asked for by Anna; `changes` are those of the wish."""
    asked = RefundRequest(order.id, wish(**changes), "she asked for it", key, ANNA)
    return refund_order.ask(asked, now)


def balance(code: str, party: str = "") -> int:
    """Credits less debits of an account of the house, in US cents."""
    account = house_account_id(code, "USD", party)
    rows = Transfer.objects.exclude(phase__in=["hold", "void"])
    into = rows.filter(credit_id=account).aggregate(sum=Sum("amount_minor"))["sum"] or 0
    out = rows.filter(debit_id=account).aggregate(sum=Sum("amount_minor"))["sum"] or 0
    return int(into - out)
