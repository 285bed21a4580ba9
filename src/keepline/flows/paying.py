"""What all orders that a holder pays for share: request, offer, decision, funding, answer.

Used inside the first transaction of renew_line and buy_line; the caller holds the locks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import OperationalError

from keepline.catalog.queries import PlanOffer, offer_on_sale, policy_values
from keepline.catalog.taxes import taxed, treatment_for
from keepline.core.exchange import Exchange
from keepline.core.lifecycle.method import MethodState
from keepline.core.lifecycle.order import OrderState
from keepline.core.money import Money
from keepline.core.renewal import Refused, RenewalDecision, UseWallet, decide
from keepline.core.velocity import Asked
from keepline.flows.errors import FlowRefused
from keepline.flows.limits import NOBODY, Caller, admit_payment
from keepline.flows.list_exchanges import exchange_seen
from keepline.flows.list_ways_to_pay import can_take, step_on_offer
from keepline.flows.sale import deliver_by_network, hold_wallet_part
from keepline.inventory.holding import NoneFree
from keepline.inventory.services import StockTaken
from keepline.lines.services import LineNotFound, LockedLine
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order, OrderKind
from keepline.payments import methods
from keepline.payments import services as payments

PROMISE_TO_OPEN = timedelta(seconds=30)  # then a worker opens the payment in the entrance's place


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidRequest:
    """What somebody asks for who pays for it: a term of a plan.

    `key`: made by the client, one per intent. `expected_total_minor`: what the holder saw, None
    to accept the price of the moment. `actor`: user:17, token:3, worker. `caller`: for the limits
    against fraud; the key does not stand for it, since one who moves is still the same.
    `method_id`: a saved method of `provider` that is charged at once, in place of a checkout.
    `pay_as`: what the holder saw that the provider's part comes to in another currency, None to
    pay it in its own.
    """

    account_id: UUID
    plan_code: str
    currency: str
    use_wallet: UseWallet
    provider: str | None
    key: str
    expected_total_minor: int | None
    actor: str
    channel: str
    seller: str = "house"
    caller: Caller = NOBODY
    method_id: UUID | None = None
    pay_as: Money | None = None


@dataclass(frozen=True, slots=True)
class StartedOrder:
    """The order as it stands after `start`; `first` is False for a repeat of the key."""

    order: Order
    order_id: UUID
    state: OrderState
    needs_payment: bool
    first: bool


def offer_for(
    account_id: UUID, plan_code: str, currency: str, now: datetime, refusal: str
) -> PlanOffer:
    """The plan as it is on sale for this account, with its tax. Raises FlowRefused(refusal)."""
    offer = offer_on_sale(plan_code, currency, now)
    if offer is None:
        raise FlowRefused(refusal)
    return taxed(offer, treatment_for(account_id, now))


def decided(
    line: LockedLine, offer: PlanOffer, use_wallet: UseWallet, free_minor: int, now: datetime
) -> RenewalDecision:
    """One term of the offer for the line, with so much free in the wallet. Raises FlowRefused."""
    rules = policy_values(line.policy_id)
    step = 1 if use_wallet == "only" else step_on_offer(offer.currency)
    try:
        return decide(line, offer, rules, use_wallet, free_minor, now, step)
    except Refused as refused:
        raise FlowRefused(refused.code) from None


def draft(
    request: PaidRequest,
    order_id: UUID,
    kind: OrderKind,
    wallet_id: UUID,
    line: LockedLine,
    offer: PlanOffer,
    decision: RenewalDecision,
    now: datetime,
) -> Order:
    """The order, not written yet, at the price that the holder saw. Raises FlowRefused."""
    quote, funding = decision.quote, decision.funding
    if request.expected_total_minor not in (None, quote.total_minor):
        raise FlowRefused("price_changed", total_minor=quote.total_minor)
    exchange = _fund(request, funding.payment_minor, now)
    return orders.new_order(
        order_id,
        account_id=request.account_id,
        line_id=line.id,
        wallet_id=wallet_id,
        kind=kind,
        plan_id=offer.plan_id,
        delivery=decision.delivery,
        currency=quote.currency,
        subtotal_minor=quote.subtotal_minor,
        discount_minor=quote.discount_minor,
        tax_minor=quote.tax_minor,
        tax_country=quote.tax_country,
        tax_rate_ppm=quote.tax_rate_ppm,
        tax_inclusive=quote.tax_inclusive,
        total_minor=quote.total_minor,
        wallet_minor=funding.wallet_minor,
        payment_minor=funding.payment_minor,
        exchange=exchange.as_facts() if exchange else None,
        valid_until_before=line.valid_until,
        valid_until_after=decision.period.end_at,
        actor=request.actor,
        channel=request.channel,
        seller=request.seller,
        accepted_at=now,
    )


def _fund(request: PaidRequest, payment_minor: int, now: datetime) -> Exchange | None:
    """Whether the provider's part may be paid so; in which other currency, if that was agreed.

    Raises FlowRefused.
    """
    if not payment_minor:
        return None
    own = Money(payment_minor, request.currency)
    exchange = None if request.pay_as is None else exchange_seen(own, request.pay_as, now)
    _admit(request, exchange.paid if exchange else own, now)
    return exchange


def _admit(request: PaidRequest, part: Money, now: datetime) -> None:
    """A provider's part: there is one that can take it, and no limit stands against it."""
    if request.provider is None:
        raise FlowRefused("wallet_short")
    kind = _kind_of(request)
    if not can_take(request.provider, request.account_id, part.currency, part.amount_minor, kind):
        raise FlowRefused("provider_unknown")
    if request.channel == order_queries.BY_CLOCK:
        return  # how often a line is tried is its policy's
    asked = Asked(request.provider, part.currency, part.amount_minor, now)
    admit_payment(request.account_id, request.caller, asked)


def _kind_of(request: PaidRequest) -> str | None:
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
    request: PaidRequest,
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
    except OperationalError as error:
        raise _busy(error) from error


def _busy(error: OperationalError) -> Exception:
    """lock_timeout (55P03) is an answer; anything else is a fault and stays one."""
    cause = error.__cause__
    if getattr(cause, "sqlstate", "") == "55P03":
        return FlowRefused("busy")
    return error
