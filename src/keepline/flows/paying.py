"""What the start of every order that a holder pays for shares: offer, limits, funding, answer.

Used inside the first transaction of renew_line and buy_line; the caller holds the locks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from django.db import OperationalError

from keepline.catalog.queries import PlanOffer, offer_on_sale
from keepline.catalog.taxes import taxed, treatment_for
from keepline.core.exchange import Exchange
from keepline.core.lifecycle.method import MethodState
from keepline.core.lifecycle.order import OrderState
from keepline.core.money import Money
from keepline.core.pricing import Funding, Quote
from keepline.core.renewal import Refused, UseWallet
from keepline.core.velocity import Asked
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import Caller, admit_payment
from keepline.flows.list_exchanges import exchange_seen
from keepline.flows.list_ways_to_pay import can_take
from keepline.flows.sale import deliver_by_network, hold_wallet_part
from keepline.inventory.holding import NoneFree
from keepline.inventory.services import StockTaken
from keepline.lines.services import LineNotFound
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments import methods
from keepline.payments import services as payments

PROMISE_TO_OPEN = timedelta(seconds=30)  # then a worker opens the payment in the entrance's place


class Paying(Protocol):
    """What is read of a request that somebody pays for (RenewalRequest, PurchaseRequest)."""

    @property
    def account_id(self) -> UUID: ...
    @property
    def currency(self) -> str: ...
    @property
    def use_wallet(self) -> UseWallet: ...
    @property
    def provider(self) -> str | None: ...
    @property
    def channel(self) -> str: ...
    @property
    def caller(self) -> Caller: ...
    @property
    def method_id(self) -> UUID | None: ...
    @property
    def pay_as(self) -> Money | None: ...


@dataclass(frozen=True, slots=True)
class StartedOrder:
    """The order as it stands after `start`; `first` is False for a repeat of the key."""

    order: Order
    order_id: UUID
    state: OrderState
    needs_payment: bool
    first: bool


def offer_for(account_id: UUID, plan_code: str, currency: str, now: datetime) -> PlanOffer:
    """The plan as it is on sale for this account, with its tax. Raises FlowRefused."""
    offer = offer_on_sale(plan_code, currency, now)
    if offer is None:
        raise FlowRefused("plan_not_for_line")
    return taxed(offer, treatment_for(account_id, now))


def fund(request: Paying, payment_minor: int, now: datetime) -> Exchange | None:
    """Whether the provider's part may be paid so; in which other currency, if that was agreed.

    Raises FlowRefused and core's Refused.
    """
    if not payment_minor:
        return None
    own = Money(payment_minor, request.currency)
    exchange = None if request.pay_as is None else exchange_seen(own, request.pay_as, now)
    _admit(request, exchange.paid if exchange else own, now)
    return exchange


def price_columns(quote: Quote, funding: Funding) -> dict[str, Any]:
    """Price, tax and funding as columns of the order."""
    return {
        "currency": quote.currency,
        "subtotal_minor": quote.subtotal_minor,
        "discount_minor": quote.discount_minor,
        "tax_minor": quote.tax_minor,
        "tax_country": quote.tax_country,
        "tax_rate_ppm": quote.tax_rate_ppm,
        "tax_inclusive": quote.tax_inclusive,
        "total_minor": quote.total_minor,
        "wallet_minor": funding.wallet_minor,
        "payment_minor": funding.payment_minor,
    }


def _admit(request: Paying, part: Money, now: datetime) -> None:
    """A provider's part: there is one that can take it, and no limit stands against it."""
    if request.provider is None:
        raise Refused("wallet_short")
    kind = _kind_of(request)
    if not can_take(request.provider, request.account_id, part.currency, part.amount_minor, kind):
        raise FlowRefused("provider_unknown")
    if request.channel == order_queries.BY_CLOCK:
        return  # how often a line is tried is its policy's
    asked = Asked(request.provider, part.currency, part.amount_minor, now)
    admit_payment(request.account_id, request.caller, asked)


def _kind_of(request: Paying) -> str | None:
    """What the saved method is; None for a checkout. Raises FlowRefused when it cannot be used."""
    if request.method_id is None:
        return None
    try:
        method = methods.read(request.method_id, request.account_id)
    except methods.MethodNotFound:
        raise FlowRefused("method_unusable") from None
    if method.state != MethodState.STORED or method.provider != request.provider:
        raise FlowRefused("method_unusable")
    return str(method.kind)


def enter(
    request: Paying,
    order: Order,
    promise_seconds: int,
    now: datetime,
    at_once: Callable[[], None],
) -> StartedOrder:
    """Writes the order in the state that its funding and delivery allow at once.

    `at_once` completes one that needs neither a provider nor the network.
    """
    needs_payment = order.payment_minor > 0
    if needs_payment:
        order.next_action_at = now if request.method_id else now + PROMISE_TO_OPEN
        orders.insert_order(order)
        hold_wallet_part(order, now)
        payments.create_payment(order, request.provider or "", now, request.method_id)
    elif order.delivery == "network":
        orders.insert_order(order)
        hold_wallet_part(order, now)
        deliver_by_network(order, promise_seconds, now)
    else:
        at_once()
    return StartedOrder(order, order.id, OrderState(order.state), needs_payment, first=True)


def replay(order_id: UUID) -> StartedOrder:
    """The answer to a repeated key: the same order, as it stands now."""
    order: Order = order_queries.by_id(order_id)
    return StartedOrder(
        order,
        order.id,
        OrderState(order.state),
        needs_payment=order.state == OrderState.ACKNOWLEDGED and order.payment_minor > 0,
        first=False,
    )


@contextmanager
def refusals() -> Iterator[None]:
    """Around the first transaction of an order: what it may meet, as FlowRefused. Nothing of it has
    happened then."""
    try:
        yield
    except orders.KeyReused:
        raise FlowRefused("key_reused") from None
    except LineNotFound:
        raise FlowRefused("not_found") from None
    except StockTaken:
        raise FlowRefused("number_taken") from None
    except NoneFree:
        raise FlowRefused("none_free") from None
    except Refused as refused:
        raise FlowRefused(refused.code) from None
    except OperationalError as error:
        raise _busy(error) from error


def _busy(error: OperationalError) -> Exception:
    """lock_timeout (55P03) is an answer; anything else is a fault and stays one."""
    cause = error.__cause__
    if getattr(cause, "sqlstate", "") == "55P03":
        return FlowRefused("busy")
    return error
