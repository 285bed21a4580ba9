"""What PayPal's refusals mean for the next try.

Issues: https://developer.paypal.com/api/rest/reference/orders/v2/errors/ and, of a capture that
was declined, the card processor's codes: https://developer.paypal.com/reference/response-codes/
What is not named here may go better another day: INSTRUMENT_DECLINED, PAYER_CANNOT_PAY, limits.
"""

from typing import Final

from keepline.gateways.payments.port import DeclineKind

FORGOTTEN: Final = "PAYMENT_TOKEN_NOT_FOUND"  # our word for a vaulted method that is no more

# The payer has to come: to choose another funding, or to agree.
HOLDER_CHOOSES_AGAIN: Final = frozenset(
    {"INSTRUMENT_DECLINED", "PAYER_ACTION_REQUIRED", "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"}
)
# The order can never be captured.
DECLINES: Final = frozenset(
    {
        "COMPLIANCE_VIOLATION",
        "DOMESTIC_TRANSACTION_REQUIRED",
        "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED",
        "PAYEE_BLOCKED_TRANSACTION",
        "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
        "PAYER_ACCOUNT_RESTRICTED",
        "PAYER_CANNOT_PAY",
        "TRANSACTION_BLOCKED_BY_PAYEE",
        "TRANSACTION_LIMIT_EXCEEDED",
        "TRANSACTION_RECEIVING_LIMIT_EXCEEDED",
        "TRANSACTION_REFUSED",
    }
)
# Told of vaulted methods only.
VAULT_DECLINES: Final = frozenset(
    {"AGREEMENT_ALREADY_CANCELLED", "BILLING_AGREEMENT_NOT_FOUND", "TOKEN_ID_NOT_FOUND"}
)
APPROVAL: Final = frozenset({"PAYER_ACTION_REQUIRED", "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"})
FINAL: Final = VAULT_DECLINES | {
    FORGOTTEN,
    "COMPLIANCE_VIOLATION",
    "DOMESTIC_TRANSACTION_REQUIRED",
    "PAYEE_BLOCKED_TRANSACTION",
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
    "TRANSACTION_BLOCKED_BY_PAYEE",
    "1330",  # invalid account
    "5140",  # card closed
    "5150",  # pick up card
    "5180",  # invalid or restricted card
    "5400",  # expired card
    "5950",  # declined due to updated account
    "6300",  # account not on file
    "9520",  # lost or stolen
    "9540",  # refused card
}


def kind_of(code: str) -> DeclineKind:
    """The kind of a decline by its issue or response code."""
    if code in FINAL:
        return "final"
    return "approval" if code in APPROVAL else "retry"
