"""Reads PayPal's orders and refunds. What cannot be read is an unknown outcome.

An order's `custom_id` is our payment id; a refund's is "payment id/refund id". A closed order has
the intent AUTHORIZE: its capture is refused by PayPal itself from then on (adapter.py, cancel).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from keepline.gateways.payments.port import (
    PaymentOutcome,
    PaymentStatus,
    ProviderUnknown,
    RefundOutcome,
    RefundStatus,
)

from .amounts import minor_of
from .declines import kind_of

Json = dict[str, Any]
UNPAID: Final = frozenset({"CREATED", "SAVED", "PAYER_ACTION_REQUIRED", "APPROVED"})
CHECKOUT_LINKS: Final = ("payer-action", "approve", "redirect")  # approve: of setup tokens
TAKEN: Final = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
OF_CAPTURE: Final[dict[str, PaymentOutcome]] = {
    **dict.fromkeys(TAKEN, "captured"),
    "PENDING": "pending",
    "DECLINED": "declined",
    "FAILED": "declined",
}
OF_REFUND: Final[dict[str, RefundOutcome]] = {
    "COMPLETED": "refunded",
    "PENDING": "pending",
    "FAILED": "refused",
    "CANCELLED": "refused",
}


@contextmanager
def readable() -> Iterator[None]:
    """An answer without the promised shape says nothing certain: ProviderUnknown."""
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ProviderUnknown(f"unreadable answer: {type(error).__name__}") from error


def payment_of(order: Json) -> UUID:
    """Our id in an order."""
    return UUID(str(order["purchase_units"][0]["custom_id"]).partition("/")[0])


def is_open(order: Json) -> bool:
    """Not paid, and still to be captured when the holder agrees."""
    return order["status"] in UNPAID and order["intent"] == "CAPTURE"


def checkout_url(order: Json) -> str:
    """Where the holder pays; KeyError when the order names no such place."""
    links = {link["rel"]: str(link["href"]) for link in order.get("links", [])}
    for rel in CHECKOUT_LINKS:
        if rel in links:
            return links[rel]
    raise KeyError("no link to the checkout")


def money(content: Json) -> tuple[int, str]:
    """(minor units, currency) of PayPal's Money."""
    currency = str(content["currency_code"])
    return minor_of(str(content["value"]), currency), currency


def read_order(order: Json) -> PaymentStatus:
    """The state of a payment, of the whole order as GET tells it."""
    unit = order["purchase_units"][0]
    amount_minor, currency = money(unit["amount"])
    capture = last_capture(order)
    status, code = _outcome(order, capture)
    refunds = unit.get("payments", {}).get("refunds", [])
    named = [read_refund(one) for one in refunds if refund_of(one)]
    waits = status == "pending" and is_open(order)
    return PaymentStatus(
        status=status,
        amount_minor=amount_minor,
        currency=currency,
        captured_minor=money(capture["amount"])[0] if capture and status == "captured" else 0,
        refunded_minor=sum(money(r["amount"])[0] for r in refunds if r["status"] == "COMPLETED"),
        provider_payment_id=str(order["id"]),
        decline_code=code,
        checkout_url=checkout_url(order) if waits else "",
        refunds={refund.refund_id: refund for refund in named},
        decline_kind=kind_of(code) if status == "declined" else "",
    )


def last_capture(order: Json) -> Json | None:
    """The capture that counts: the one that took the money, else the youngest."""
    captures = order["purchase_units"][0].get("payments", {}).get("captures", [])
    taken = [one for one in captures if one["status"] in TAKEN]
    found: list[Json] = taken or captures
    return found[-1] if found else None


def _outcome(order: Json, capture: Json | None) -> tuple[PaymentOutcome, str]:
    """(outcome, code of a decline)."""
    if capture is not None:
        outcome = OF_CAPTURE[capture["status"]]
        return outcome, _reason(capture) if outcome == "declined" else ""
    if order["status"] == "VOIDED":
        return "expired", ""
    if order["status"] not in UNPAID:
        raise ValueError(f"an order that is {order['status']} without a capture")
    if is_open(order):
        return "pending", ""
    # Closed by us; after a definitive refusal at the capture its code stands behind our id.
    code = str(order["purchase_units"][0]["custom_id"]).partition("/")[2]
    return ("declined", code) if code else ("expired", "")


def _reason(content: Json) -> str:
    reason = (content.get("status_details") or {}).get("reason")
    processor = (content.get("processor_response") or {}).get("response_code")
    return str(reason or processor or content["status"])


def refund_of(refund: Json) -> UUID | None:
    """Our id in a refund; None when it was made in PayPal's own pages."""
    try:
        return UUID(str(refund.get("custom_id", "")).partition("/")[2])
    except ValueError:
        return None


def read_refund(refund: Json) -> RefundStatus:
    """A refund of ours."""
    refund_id = refund_of(refund)
    if refund_id is None:
        raise ValueError("a refund without our id")
    status = OF_REFUND[refund["status"]]
    code = _reason(refund) if status == "refused" else ""
    return RefundStatus(refund_id, status, money(refund["amount"])[0], code)
