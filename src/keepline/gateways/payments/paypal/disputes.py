"""What payers dispute at PayPal: https://developer.paypal.com/api/customer-disputes/v1/

Inquiries, claims and the banks' chargebacks are all disputes there. An app that was not given the
feature *Disputes* sees none.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from keepline.gateways.payments.port import DisputeOutcome, DisputeStatus

from .reading import TAKEN, last_capture, money, readable

if TYPE_CHECKING:
    from .sdk import ApiRefused, PayPalApi

Json = dict[str, Any]
FORBIDDEN: Final = 403
RESOLVED: Final = "RESOLVED"
OPEN: Final = frozenset(
    {
        "OPEN",
        "OTHER",
        "UNDER_REVIEW",
        "WAITING_FOR_BUYER_RESPONSE",
        "WAITING_FOR_SELLER_RESPONSE",
    }
)
OUTCOMES: Final[dict[str, DisputeOutcome]] = {
    "ACCEPTED": "lost",  # by the seller
    "RESOLVED_BUYER_FAVOUR": "lost",
    "CANCELED_BY_BUYER": "won",
    "DENIED": "won",
    "NONE": "won",  # closed without any decision
    "RESOLVED_SELLER_FAVOUR": "won",
    "RESOLVED_WITH_PAYOUT": "won",  # PayPal pays
}


def disputes_of(
    api: "PayPalApi", refused: "type[ApiRefused]", order: Json
) -> Mapping[str, DisputeStatus]:
    """The disputes of a captured order by their ids; one more call for each there is."""
    with readable():
        capture = last_capture(order)
        if capture is None or capture["status"] not in TAKEN:
            return {}
    try:
        page = api.disputes(str(capture["id"]))
    except refused as no:
        if no.status == FORBIDDEN:
            return {}
        raise
    with readable():
        named = [str(row["dispute_id"]) for row in page.get("items", [])]
    found = [api.dispute(one) for one in named]
    with readable():
        return {str(row["dispute_id"]): read_dispute(row) for row in found}


def read_dispute(row: Json) -> DisputeStatus:
    """A dispute as PayPal shows it in full."""
    status = str(row["status"])
    if status != RESOLVED and status not in OPEN:
        raise ValueError(f"a dispute that is {status}")
    amount_minor, currency = money(row["dispute_amount"])
    due = row.get("seller_response_due_date")
    return DisputeStatus(
        dispute_id=str(row["dispute_id"]),
        status=OUTCOMES[row["dispute_outcome"]["outcome_code"]] if status == RESOLVED else "open",
        amount_minor=amount_minor,
        currency=currency,
        reason=str(row["reason"]),
        evidence_until=datetime.fromisoformat(due) if due and status != RESOLVED else None,
    )
