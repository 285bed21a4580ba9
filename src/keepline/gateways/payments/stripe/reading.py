"""Reads Stripe's answers as plain JSON; ValueError and its kin say that one cannot be read.

    session     paid    intent                         the port's status
    any         yes                                    captured
    open        no      any                            pending: after a declined card the page
                                                       stays, and the holder may try another
    expired     no      any                            expired
    complete    no      requires_payment_method,       declined: a slow method failed in the
                        canceled                       end, and the page is closed
    complete    no      any other                      pending: a slow method is under way

A charge of a stored method is an intent alone: succeeded is captured, processing pending. One that
failed, or that waits for the holder's approval, is declined for good: nobody is there, and nobody
else has the secret with which it could go on.

An expired session stays `expired` even if a card was declined before. Both end an order in the
same way (flows/settle_payment.py), the holder saw the refusal on Stripe's page, and Stripe may
clear an intent's last error, so that another word would change from one look to the next. The
code of the refusal, where Stripe still tells it, goes along as `decline_code` for the operator.
"""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from keepline.gateways.payments.port import (
    DeclineKind,
    DisputeOutcome,
    DisputeStatus,
    ListedPayment,
    PaymentOutcome,
    PaymentStatus,
    RefundOutcome,
    RefundStatus,
)

from .amounts import from_stripe
from .declines import code_of_error, kind_of_error

Json = dict[str, Any]

CHARGED: Final = {"charge": "stored"}  # metadata that tells a charge from a session's intent

REFUND_STATUSES: dict[str, RefundOutcome] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "refunded",
    "failed": "refused",
    "canceled": "refused",
}
FAILED_FOR_GOOD = ("requires_payment_method", "canceled")
# https://docs.stripe.com/api/disputes/object#dispute_object-status; a warning is an inquiry, for
# which Stripe takes no money yet.
DISPUTE_STATUSES: dict[str, DisputeOutcome] = {
    **dict.fromkeys(("needs_response", "warning_needs_response", "appeal_needs_response"), "open"),
    **dict.fromkeys(("under_review", "warning_under_review", "appeal_under_review"), "open"),
    **dict.fromkeys(("won", "warning_closed"), "won"),
    "lost": "lost",
}


def own_id(metadata: Json | None, name: str) -> UUID | None:
    """An id that we wrote there; None on objects of somebody else."""
    try:
        return UUID((metadata or {})[name])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def is_charge(intent: Json) -> bool:
    """Whether an intent was made by a charge of ours, and not by a session."""
    return CHARGED.items() <= (intent["metadata"] or {}).items()


def intent_of(payment: Json) -> Json | None:
    """The intent of a session, or the charge itself; None before the holder first tried."""
    if payment["object"] == "payment_intent":
        return payment
    intent: Json | None = payment["payment_intent"]
    return intent


def taken(payment: Json) -> Json | None:
    """The charge that took the money; None where none did."""
    intent = intent_of(payment)
    if intent is None or intent["status"] != "succeeded":
        return None
    charge: Json = intent["latest_charge"]
    return charge


def read_payment(payment: Json, refunds: list[Json], disputes: list[Json]) -> PaymentStatus:
    """A session whose intent is expanded, or a charge, with all refunds and disputes of it."""
    charged = payment["object"] == "payment_intent"
    currency = str(payment["currency"]).upper()
    intent = intent_of(payment)
    outcome = _outcome_of_charge(payment) if charged else _outcome(payment, intent)
    code, kind = _decline(intent) if outcome in ("declined", "expired") else ("", "")
    succeeded = [row for row in refunds if row["status"] == "succeeded"]
    own = [read_refund(row) for row in refunds if own_id(row["metadata"], "refund_id")]
    captured = intent["amount_received"] if intent and outcome == "captured" else 0
    url = None if charged or outcome != "pending" else payment["url"]
    return PaymentStatus(
        status=outcome,
        amount_minor=from_stripe(payment["amount" if charged else "amount_total"], currency),
        currency=currency,
        captured_minor=from_stripe(captured, currency),
        refunded_minor=from_stripe(sum(row["amount"] for row in succeeded), currency),
        provider_payment_id=str(payment["id"]),
        decline_code=code,
        checkout_url=str(url) if url else "",
        refunds={refund.refund_id: refund for refund in own},
        decline_kind=kind if outcome == "declined" else "",
        disputes={str(row["id"]): read_dispute(row) for row in disputes},
    )


def _outcome(session: Json, intent: Json | None) -> PaymentOutcome:
    if session["payment_status"] == "paid":
        if intent is None:
            raise ValueError("paid without a payment intent")
        return "captured"
    if session["payment_status"] != "unpaid":
        raise ValueError(f"payment_status {session['payment_status']}")
    if session["status"] == "open":
        return "pending"
    if session["status"] == "expired":
        return "expired"
    if session["status"] != "complete" or intent is None:
        raise ValueError(f"status {session['status']}")
    return "declined" if intent["status"] in FAILED_FOR_GOOD else "pending"


def _outcome_of_charge(intent: Json) -> PaymentOutcome:
    status = intent["status"]
    if status in (*FAILED_FOR_GOOD, "requires_action"):
        return "declined"
    outcomes: dict[str, PaymentOutcome] = {"succeeded": "captured", "processing": "pending"}
    return outcomes[status]


def _decline(intent: Json | None) -> tuple[str, DeclineKind]:
    """(code, kind) of an intent that brought no money; no code where nothing was tried."""
    if intent is None:
        return "", "retry"
    if intent["status"] == "requires_action":
        return "authentication_required", "approval"
    error = intent["last_payment_error"]
    if error:
        return code_of_error(error), kind_of_error(error)
    return ("payment_failed" if intent["status"] == "requires_payment_method" else ""), "retry"


def read_dispute(row: Json) -> DisputeStatus:
    """A dispute. One that was prevented was settled before the bank decided: what Stripe booked
    tells for whom (https://docs.stripe.com/disputes/prevention)."""
    currency, status = str(row["currency"]).upper(), str(row["status"])
    booked = sum(one["amount"] for one in row["balance_transactions"])
    prevented: DisputeOutcome = "lost" if booked < 0 else "won"
    due_s = row["evidence_details"]["due_by"] if status.endswith("needs_response") else None
    return DisputeStatus(
        dispute_id=str(row["id"]),
        status=prevented if status == "prevented" else DISPUTE_STATUSES[status],
        amount_minor=from_stripe(row["amount"], currency),
        currency=currency,
        reason=str(row["reason"]),
        evidence_until=datetime.fromtimestamp(due_s, UTC) if due_s else None,
    )


def read_refund(row: Json) -> RefundStatus:
    """A refund that we asked for."""
    status = REFUND_STATUSES[row["status"]]
    why = (row.get("failure_reason") or row["status"]) if status == "refused" else ""
    return RefundStatus(
        refund_id=UUID(row["metadata"]["refund_id"]),
        status=status,
        amount_minor=from_stripe(row["amount"], str(row["currency"]).upper()),
        code=str(why),
    )


def read_listed(payment: Json, refunds: list[Json], disputes: list[Json]) -> ListedPayment:
    """A session or a charge of ours in a list."""
    return ListedPayment(
        payment_id=UUID(payment["metadata"]["payment_id"]),
        opened_at=datetime.fromtimestamp(payment["created"], UTC),
        status=read_payment(payment, refunds, disputes),
    )
