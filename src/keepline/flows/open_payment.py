"""`payment.opened`: the provider is asked for a checkout, under the key we made before.

N  open_payment.open      repeated with the same payment id it is the same checkout
N  open_payment.ask       after a no: was it opened before, in other words?
T  open_payment.opened    where the holder pays, and the provider's own id
T  open_payment.refused   a definitive no: the order is cancelled
"""

from datetime import datetime, timedelta
from uuid import UUID

from keepline.core.lifecycle.order import OrderEvent, OrderState
from keepline.core.lifecycle.payment import PaymentEvent, PaymentState
from keepline.flows.errors import FlowRefused
from keepline.flows.sale import give_back
from keepline.flows.steps import network_step, transaction_step
from keepline.gateways import switchboard
from keepline.gateways.payments.port import (
    OpenedPayment,
    PaymentRequest,
    ProviderRefused,
    ProviderUnknown,
)
from keepline.ledger import services as ledger
from keepline.orders import queries as order_queries
from keepline.orders import services as orders
from keepline.orders.models import Order
from keepline.payments import queries as payment_queries
from keepline.payments import services as payments
from keepline.payments.models import Payment
from keepline.payments.ways import table

ACTION = "payment.opened"
FIRST_LOOK_AFTER = timedelta(seconds=15)
ASK_AGAIN_AFTER = timedelta(seconds=10)


def open_payment(
    order_id: UUID, language: str, now: datetime, *, on_phone: bool = False
) -> str | None:
    """The address at which the holder pays, or None: no answer yet, or nothing to be done there.

    `on_phone`: some providers have another page for those.

    Raises FlowRefused("provider_refused") after a definitive no; the order is cancelled then.
    """
    order = order_queries.by_id(order_id)
    payment = payment_queries.of_order(order_id)
    if payment is None or payment.method_id or order.state != OrderState.ACKNOWLEDGED:
        return None
    if payment.checkout_url:
        return str(payment.checkout_url)
    try:
        opened = _open(order, payment, language, on_phone)
    except ProviderUnknown:
        orders.look_later(order, now + ASK_AGAIN_AFTER)
        return None
    except ProviderRefused as refused:
        _refused(order_id, refused, now)
        raise FlowRefused("provider_refused", provider_code=refused.code) from refused
    with transaction_step("open_payment.opened"):
        _opened(order_id, opened, now)
    return opened.checkout_url


def _open(order: Order, payment: Payment, language: str, on_phone: bool) -> OpenedPayment:
    """Raises ProviderRefused only when the provider has no such payment.

    An opening whose answer was lost is repeated by a worker, perhaps in another language or from
    another address: the provider refuses that body under the known key, yet the checkout stands.
    """
    provider = switchboard.payments(payment.provider)
    try:
        with network_step("open_payment.open"):
            return provider.open_payment(_request(order, payment, language, on_phone))
    except ProviderRefused:
        with network_step("open_payment.ask"):
            status = provider.ask(payment.id, payment.provider_payment_id)
        if status.status == "not_found":
            raise
        if status.status != "pending" or not status.provider_payment_id:
            raise ProviderUnknown(f"opened before, now {status.status}") from None
        return OpenedPayment(status.provider_payment_id, status.checkout_url)


def _request(order: Order, payment: Payment, language: str, on_phone: bool) -> PaymentRequest:
    page = f"{switchboard.public_url()}/orders/{order.id}"
    return PaymentRequest(
        payment_id=payment.id,
        order_id=order.id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        description=f"Keepline {str(order.id)[-8:]}",
        return_url=f"{page}/return/",
        cancel_url=f"{page}/return/",
        holder_language=language,
        metadata={"order_id": str(order.id)} | ({"device": "phone"} if on_phone else {}),
        kinds=_kinds(payment.provider),
    )


def _kinds(provider: str) -> tuple[str, ...]:
    """What the operator's setting leaves of a provider's methods; without one, all it has.

    Which of them fit country, currency and amount the provider's page finds out by itself.
    """
    allowed = switchboard.methods_allowed()
    if allowed is None:
        return ()
    return tuple(one.name for one in table() if one.provider == provider and one.code in allowed)


def _opened(order_id: UUID, opened: OpenedPayment, now: datetime) -> None:
    order = orders.lock_order(order_id)
    payment = payments.lock_payment(order_id)
    if payment is None or payment.state != PaymentState.CREATED:
        return  # the other road was faster
    payments.name_at_provider(payment, opened.provider_payment_id)
    payments.transition(
        payment,
        PaymentEvent.OPEN,
        provider_payment_id=opened.provider_payment_id,
        checkout_url=opened.checkout_url,
    )
    orders.look_again(order, now + FIRST_LOOK_AFTER, attempts=0)


def _refused(order_id: UUID, refused: ProviderRefused, now: datetime) -> None:
    with transaction_step("open_payment.refused"):
        seen = order_queries.by_id(order_id)
        ledger.lock_wallet(seen.wallet_id)
        order = orders.lock_order(order_id)
        payment = payments.lock_payment(order_id)
        if payment is None or payment.state != PaymentState.CREATED:
            return
        payments.transition(payment, PaymentEvent.DECLINE, decline_code=refused.code[:40])
        give_back(order, payment, OrderEvent.CANCEL, "provider_refused", now)
