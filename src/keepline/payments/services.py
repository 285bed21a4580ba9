"""Writes of payments, and the raw events of providers."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from keepline.core.ids import derived_id
from keepline.core.lifecycle.payment import PAYMENT, PaymentEvent, PaymentState
from keepline.orders.models import Order
from keepline.payments.models import Payment, ProviderEvent, ProviderPayment
from keepline.slots.sql import execute


class PaymentMoved(Exception):
    """The payment left the state the caller decided on."""


def payment_id_of(order_id: UUID) -> UUID:
    """The one payment an order can have; known before it is asked for."""
    return derived_id(order_id, "payment")


def create_payment(
    order: Order, provider: str, now: datetime, method_id: UUID | None = None
) -> Payment:
    """The payment of an order's provider part; not asked of the provider yet.

    `method_id`: the saved method that is to be charged, None for a checkout.
    """
    asked = order.asked
    payment = Payment(
        slot=order.slot,
        id=payment_id_of(order.id),
        order_id=order.id,
        account_id=order.account_id,
        provider=provider,
        method_id=method_id,
        amount_minor=asked.amount_minor,
        currency=asked.currency,
        opened_at=now,
    )
    payment.save(force_insert=True)
    return payment


def lock_payment(order_id: UUID) -> Payment | None:
    """The order's payment under lock, or None when the wallet pays alone."""
    payment: Payment | None = (
        Payment.objects.of_order(order_id).select_for_update(no_key=True).first()
    )
    return payment


def lock_payments(order_ids: Collection[UUID]) -> dict[UUID, Payment]:
    """The payments of many orders under lock, by order. One query, or none without orders."""
    rows = Payment.objects.among(order_ids, "order_id").select_for_update(no_key=True)
    return {row.order_id: row for row in rows.order_by("slot", "id")}


def transition(payment: Payment, event: PaymentEvent, **columns: Any) -> PaymentState:
    """Moves a payment by `event`, compare and set, with the columns that change along."""
    target = PaymentState(PAYMENT.next(PaymentState(payment.state), event))
    if not payment.transition(target, **columns):
        raise PaymentMoved(payment.id)
    return target


def record_ask(payment: Payment) -> None:
    """Counts one look at the provider, for the janitor's growing pauses."""
    Payment.objects.filter(slot=payment.slot, id=payment.id).update(asks=payment.asks + 1)
    payment.asks += 1


def name_at_provider(payment: Payment, provider_payment_id: str) -> None:
    """Enters the provider's own id into the directory; refuses one that is taken.

    Raises django.db.IntegrityError when the id belongs to another payment.
    """
    entry, _ = ProviderPayment.objects.get_or_create(
        provider=payment.provider,
        provider_payment_id=provider_payment_id,
        defaults={"payment_id": payment.id},
    )
    if entry.payment_id != payment.id:
        raise PaymentMoved(payment.id)


FORGET = """
UPDATE payments_providerevent SET body = '' WHERE received_at < %s AND body <> ''
"""


def forget_bodies(before: datetime) -> int:
    """What webhooks said before that instant is erased; that they came is kept. How many."""
    return execute(FORGET, (before,))


def store_event(
    provider: str,
    event_id: str,
    kind: str,
    payment_id: UUID | None,
    body: str,
    now: datetime,
) -> bool:
    """Keeps a verified webhook raw. Returns False when it was here before."""
    _, created = ProviderEvent.objects.get_or_create(
        provider=provider,
        event_id=event_id,
        defaults={"kind": kind, "payment_id": payment_id, "body": body, "received_at": now},
    )
    return created
