"""How a provider is asked for a refund: the same words whenever, and whoever asks."""

from keepline.gateways.payments.port import RefundRequest
from keepline.payments.models import Refund
from keepline.payments.services import payment_id_of


def request_of(refund: Refund, provider_payment_id: str | None) -> RefundRequest:
    """What the provider is to give back of it, or is asked about. `provider_payment_id`: None when
    the provider never named the payment."""
    return RefundRequest(
        refund_id=refund.id,
        payment_id=payment_id_of(refund.order_id),
        provider_payment_id=provider_payment_id or "",
        amount_minor=refund.by_provider_minor,
        currency=refund.sent_currency,
    )
