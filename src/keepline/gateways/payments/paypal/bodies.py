"""What is sent to PayPal, as JSON."""

import re
from typing import Any, Final

from keepline.gateways.payments.port import PaymentRequest, RefundRequest

from .amounts import text_of

Json = dict[str, Any]
LONGEST_DESCRIPTION: Final = 127
LOCALES: Final = {"en": "en-US", "zh-Hans": "zh-CN", "zh-Hant": "zh-TW"}
LOCALE: Final = re.compile(r"[a-z]{2}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


def order_body(request: PaymentRequest) -> Json:
    """POST /v2/checkout/orders. Immediate payment only: an eCheck would wait for days."""
    language = LOCALES.get(request.holder_language, request.holder_language)
    experience = {
        "return_url": request.return_url,
        "cancel_url": request.cancel_url,
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
        "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
    }
    if LOCALE.fullmatch(language):
        experience["locale"] = language
    unit = {
        "custom_id": str(request.payment_id),
        "invoice_id": str(request.order_id),
        "description": request.description[:LONGEST_DESCRIPTION],
        "amount": _amount(request),
    }
    return {
        "intent": "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {"paypal": {"experience_context": experience}},
    }


def refund_body(request: RefundRequest) -> Json:
    """POST /v2/payments/captures/{id}/refund. Both ids: its webhook names no more."""
    return {
        "amount": _amount(request),
        "custom_id": f"{request.payment_id}/{request.refund_id}",
    }


def _amount(request: PaymentRequest | RefundRequest) -> Json:
    """Raises ProviderRefused."""
    text = text_of(request.amount_minor, request.currency)
    return {"value": text, "currency_code": request.currency}
