"""What is sent to PayPal, as JSON."""

import re
from typing import Any, Final

from keepline.gateways.payments.port import (
    ChargeRequest,
    PaymentRequest,
    RefundRequest,
    StoringRequest,
)

from .amounts import text_of

Json = dict[str, Any]
LONGEST_DESCRIPTION: Final = 127
LEAST_WHOLE: Final = 100  # an amount that each of PayPal's currencies has
# We bill upfront on an agreed logic, of which amount and day may vary with plan and retries.
PATTERN: Final = "UNSCHEDULED_PREPAID"
LOCALES: Final = {"en": "en-US", "zh-Hans": "zh-CN", "zh-Hant": "zh-TW"}
LOCALE: Final = re.compile(r"[a-z]{2}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


def order_body(request: PaymentRequest) -> Json:
    """POST /v2/checkout/orders. Immediate payment only: an eCheck would wait for days."""
    experience = _experience(request) | {
        "user_action": "PAY_NOW",
        "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
    }
    return {
        "intent": "CAPTURE",
        "purchase_units": [_unit(request)],
        "payment_source": {"paypal": {"experience_context": experience}},
    }


def charge_body(request: ChargeRequest) -> Json:
    """POST /v2/checkout/orders of a vaulted account, captured as it is made."""
    credential = {"payment_initiator": "MERCHANT", "usage_pattern": PATTERN, "usage": "SUBSEQUENT"}
    vaulted = {"vault_id": request.method.provider_method_id, "stored_credential": credential}
    return {
        "intent": "CAPTURE",
        "purchase_units": [_unit(request)],
        "payment_source": {"paypal": vaulted},
    }


def setup_body(request: StoringRequest) -> Json:
    """POST /v3/vault/setup-tokens. Several tokens of one PayPal account may stand side by side:
    its owner may hold several accounts here. Raises ProviderRefused for a currency PayPal lacks.
    """
    text_of(LEAST_WHOLE, request.currency)
    paypal = {
        "usage_pattern": PATTERN,
        "usage_type": "MERCHANT",
        "customer_type": "CONSUMER",
        "permit_multiple_payment_tokens": True,
        "experience_context": _experience(request),
    }
    return {
        "customer": {"merchant_customer_id": str(request.storing_id)},
        "payment_source": {"paypal": paypal},
    }


def _experience(request: PaymentRequest | StoringRequest) -> Json:
    language = LOCALES.get(request.holder_language, request.holder_language)
    return {
        "return_url": request.return_url,
        "cancel_url": request.cancel_url,
        "shipping_preference": "NO_SHIPPING",
    } | ({"locale": language} if LOCALE.fullmatch(language) else {})


def _unit(request: PaymentRequest | ChargeRequest) -> Json:
    return {
        "custom_id": str(request.payment_id),
        "invoice_id": str(request.order_id),
        "description": request.description[:LONGEST_DESCRIPTION],
        "amount": _amount(request),
    }


def refund_body(request: RefundRequest) -> Json:
    """POST /v2/payments/captures/{id}/refund. Both ids: its webhook names no more."""
    return {
        "amount": _amount(request),
        "custom_id": f"{request.payment_id}/{request.refund_id}",
    }


def _amount(request: PaymentRequest | ChargeRequest | RefundRequest) -> Json:
    """Raises ProviderRefused."""
    text = text_of(request.amount_minor, request.currency)
    return {"value": text, "currency_code": request.currency}
