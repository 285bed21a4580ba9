"""Reads Stripe's answers as plain JSON; ValueError and its kin say that one cannot be read.

    session     paid    intent                         the port's status
    any         yes                                    captured
    open        no      any                            pending: after a declined card the page
                                                       stays, and the holder may try another
    expired     no      any                            expired
    complete    no      requires_payment_method,       declined: a slow method failed in the
                        canceled                       end, and the page is closed
    complete    no      any other                      pending: a slow method is under way

An expired session stays `expired` even if a card was declined before. Both end an order in the
same way (flows/settle_payment.py), the holder saw the refusal on Stripe's page, and Stripe may
clear an intent's last error, so that another word would change from one look to the next. The
code of the refusal, where Stripe still tells it, goes along as `decline_code` for the operator.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from keepline.gateways.payments.port import (
    ListedPayment,
    PaymentOutcome,
    PaymentStatus,
    RefundOutcome,
    RefundStatus,
)

from .amounts import from_stripe

Json = dict[str, Any]

REFUND_STATUSES: dict[str, RefundOutcome] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "refunded",
    "failed": "refused",
    "canceled": "refused",
}
FAILED_FOR_GOOD = ("requires_payment_method", "canceled")


def own_id(metadata: Json | None, name: str) -> UUID | None:
    """An id that we wrote there; None on objects of somebody else."""
    try:
        return UUID((metadata or {})[name])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def read_session(session: Json, refunds: list[Json]) -> PaymentStatus:
    """A session whose payment_intent is expanded, with all refunds of it."""
    currency = str(session["currency"]).upper()
    intent: Json | None = session["payment_intent"]
    outcome = _outcome(session, intent)
    succeeded = [row for row in refunds if row["status"] == "succeeded"]
    own = [read_refund(row) for row in refunds if own_id(row["metadata"], "refund_id")]
    captured = intent["amount_received"] if intent and outcome == "captured" else 0
    return PaymentStatus(
        status=outcome,
        amount_minor=from_stripe(session["amount_total"], currency),
        currency=currency,
        captured_minor=from_stripe(captured, currency),
        refunded_minor=from_stripe(sum(row["amount"] for row in succeeded), currency),
        provider_payment_id=str(session["id"]),
        decline_code=_decline_code(intent) if outcome in ("declined", "expired") else "",
        checkout_url=str(session["url"]) if outcome == "pending" and session["url"] else "",
        refunds={refund.refund_id: refund for refund in own},
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


def _decline_code(intent: Json | None) -> str:
    if intent is None:
        return ""
    error = intent["last_payment_error"]
    if not error:
        return "payment_failed" if intent["status"] == "requires_payment_method" else ""
    return str(error.get("decline_code") or error.get("code") or error["type"])


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


def read_listed(session: Json, refunds: list[Json]) -> ListedPayment:
    """A session of ours in a list."""
    return ListedPayment(
        payment_id=UUID(session["metadata"]["payment_id"]),
        opened_at=datetime.fromtimestamp(session["created"], UTC),
        status=read_session(session, refunds),
    )
