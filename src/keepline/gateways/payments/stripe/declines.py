"""What Stripe's decline codes mean for the next try: https://docs.stripe.com/declines/codes

Most declines may go better another day (insufficient_funds, try_again_later, generic_decline,
do_not_honor ...); named here are those that do not. Stripe's advice stands above its codes: it
passes on what the card's network forbids.
"""

from typing import Any, Final

from keepline.gateways.payments.port import DeclineKind

APPROVAL: Final = frozenset(
    {
        "authentication_required",
        "offline_pin_required",
        "online_or_offline_pin_required",
        "payment_intent_authentication_failure",
    }
)
FINAL: Final = frozenset(
    {
        # the card is gone, or never was
        "expired_card",
        "incorrect_number",
        "invalid_account",
        "invalid_expiry_month",
        "invalid_expiry_year",
        "invalid_number",
        "lost_card",
        "new_account_information_available",
        "pickup_card",
        "restricted_card",
        "stolen_card",
        # the holder or the bank withdrew the right to charge it
        "debit_not_authorized",
        "do_not_try_again",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stop_payment_order",
        # it is not for purchases like ours, or not from this seller
        "card_not_supported",
        "currency_not_supported",
        "fraudulent",
        "merchant_blacklist",
        "not_permitted",
        "service_not_allowed",
        "transaction_not_allowed",
        # bank debits
        "account_closed",
        "bank_account_restricted",
        "no_account",
    }
)
NEVER_AGAIN: Final = "do_not_try_again"  # an advice: https://docs.stripe.com/declines/card


def code_of_error(error: dict[str, Any]) -> str:
    """The most exact word of a declined payment's error."""
    return str(error.get("decline_code") or error.get("code") or error["type"])


def kind_of_error(error: dict[str, Any]) -> DeclineKind:
    """What a declined payment's error allows next."""
    words = {str(error.get(name)) for name in ("decline_code", "code")}
    if error.get("advice_code") == NEVER_AGAIN or words & FINAL:
        return "final"
    return "approval" if words & APPROVAL else "retry"
