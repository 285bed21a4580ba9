"""Reads of payments."""

from uuid import UUID

from keepline.core.ids import slot_of
from keepline.payments.models import Payment


def of_order(order_id: UUID) -> Payment | None:
    """The order's payment, for flows that know whose it is; None when the wallet pays alone."""
    payment: Payment | None = Payment.objects.filter(
        slot=slot_of(order_id), order_id=order_id
    ).first()
    return payment


def by_id(payment_id: UUID) -> Payment | None:
    """The payment a webhook speaks of, or None; it may name an id that is none of ours."""
    try:
        slot = slot_of(payment_id)
    except ValueError:
        return None
    payment: Payment | None = Payment.objects.filter(slot=slot, id=payment_id).first()
    return payment
