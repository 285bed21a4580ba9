"""Believes webhooks: Stripe-Signature (t=,v1=), checked against the caller's clock.

The signature is checked by Stripe's library without its own look at the time: that reads the
clock of the machine, while flows and tests pass `now` in, and lets pass what is signed ahead.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from keepline.gateways.payments.port import ProviderEvent, SignatureRefused

from .reading import is_charge, own_id

TOLERANCE: Final = timedelta(minutes=5)  # each try is signed anew, so an old one is a replay
LONGEST_UNIX_S: Final = 11  # digits; enough until the year 5138
LIMIT_BYTES: Final = 256 * 1024
LONGEST_KIND: Final = 40  # kinds that are passed on are cut to what can be stored

# An object of somebody else in the same Stripe account. Refused, the event would be sent for
# three days and Stripe would then switch the address off; so it is believed, kept, and about
# no payment of ours.
NOBODYS: Final = UUID(int=0)

KINDS: Final = {
    "checkout.session.async_payment_succeeded": "payment.captured",
    "checkout.session.async_payment_failed": "payment.declined",
    "checkout.session.expired": "payment.expired",
    "charge.dispute.created": "dispute.opened",
    "charge.dispute.updated": "dispute.opened",  # an inquiry became a dispute, evidence was taken
    "charge.dispute.closed": "dispute.closed",
}
# Of charges only: what becomes of a session's intent is told by the session's own events.
KINDS_OF_CHARGES: Final = {
    "payment_intent.succeeded": "payment.captured",
    "payment_intent.payment_failed": "payment.declined",
}
OF_DISPUTES: Final = "charge.dispute."
REFUND_KINDS: Final = {
    "succeeded": "refund.succeeded",
    "failed": "refund.refused",
    "canceled": "refund.refused",
}
OF_REFUNDS: Final = ("refund.", "charge.refund.")


class Signatures:
    """Verifies with one endpoint's secret (whsec_...)."""

    def __init__(self, webhook_secret: str) -> None:
        self._secret = webhook_secret

    def event(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """The event of a webhook that is genuine and fresh, else SignatureRefused."""
        import stripe

        lowered = {name.lower(): value for name, value in headers.items()}
        given = lowered.get("stripe-signature", "")
        if not given or not given.isascii() or len(body) > LIMIT_BYTES:
            raise SignatureRefused("the header is missing or odd, or the body too large")
        signed_at = _signed_at(given)
        if abs(now - signed_at) > TOLERANCE:
            raise SignatureRefused(f"signed at {signed_at.isoformat()}, too far from now")
        try:
            stripe.WebhookSignature.verify_header(body, given, self._secret, tolerance=None)
        except UnicodeError:
            raise SignatureRefused("not UTF-8") from None
        except stripe.SignatureVerificationError:
            raise SignatureRefused("no signature fits") from None
        return _event(body)


def _signed_at(header: str) -> datetime:
    """The first t= of the header: the one that the library signs with."""
    pairs = [item.partition("=") for item in header.split(",")]
    value = next((value for name, _, value in pairs if name == "t"), "")
    if not (value.isdigit() and len(value) <= LONGEST_UNIX_S):
        raise SignatureRefused("the timestamp is not in unix seconds")
    return datetime.fromtimestamp(int(value), UTC)


def disputed_intent(body: bytes) -> str:
    """The intent that a believed event is about, if it is a dispute's; "" if not.

    A dispute has none of our ids, its intent has.
    """
    content: dict[str, Any] = json.loads(body)
    of_dispute = str(content["type"]).startswith(OF_DISPUTES)
    return str(content["data"]["object"].get("payment_intent") or "") if of_dispute else ""


def _event(body: bytes) -> ProviderEvent:
    try:
        content: dict[str, Any] = json.loads(body)
        about: dict[str, Any] = content["data"]["object"]
        metadata, stripes = about.get("metadata"), str(content["type"])
        return ProviderEvent(
            event_id=str(content["id"]),
            kind=_kind(stripes, about)[:LONGEST_KIND],
            payment_id=own_id(metadata, "payment_id") or NOBODYS,
            order_id=own_id(metadata, "order_id"),
            occurred_at=datetime.fromtimestamp(content["created"], UTC),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
        raise SignatureRefused("signed, but not an event") from None


def _kind(stripes: str, about: dict[str, Any]) -> str:
    """The port's word, or Stripe's own where the port has none."""
    if stripes == "checkout.session.completed":  # a slow method is complete before it is paid
        return "payment.captured" if about["payment_status"] == "paid" else stripes
    if stripes.startswith(OF_REFUNDS):
        return REFUND_KINDS.get(about["status"], stripes)
    if stripes in KINDS_OF_CHARGES and is_charge(about):
        return KINDS_OF_CHARGES[stripes]
    return KINDS.get(stripes, stripes)
