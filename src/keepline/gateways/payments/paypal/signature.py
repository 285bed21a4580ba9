"""Believes webhooks of PayPal: RSA over id, time, webhook id and the body's CRC32.

https://developer.paypal.com/api/rest/webhooks/rest/#link-selfverificationmethod

PayPal repeats a delivery 25 times in three days and nowhere says that it signs each try anew. A
narrow window would refuse honest repeats after an outage, so that a webhook may be as old as the
last repeat. A replay in that time changes nothing: an event is stored once by its id, and only
makes Keepline ask PayPal. From the future it may come by five minutes, which clocks differ.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from keepline.gateways.payments.port import ProviderEvent, SignatureRefused

from .certificates import Certificates

OLDEST: Final = timedelta(days=3, hours=1)
FUTURE: Final = timedelta(minutes=5)
ALGORITHM: Final = "SHA256withRSA"
LIMIT_BYTES: Final = 256 * 1024
LONGEST_KIND: Final = 40  # characters, as far as events are kept
NOBODY: Final = UUID(int=0)  # the payment of an event that is about none of ours
KINDS: Final = {
    "PAYMENT.CAPTURE.COMPLETED": "payment.captured",
    "PAYMENT.CAPTURE.DENIED": "payment.declined",
    "PAYMENT.CAPTURE.DECLINED": "payment.declined",
    "PAYMENT.CAPTURE.REFUNDED": "refund.succeeded",
    "PAYMENT.REFUND.FAILED": "refund.refused",
    "CHECKOUT.ORDER.APPROVED": "payment.approved",
    "CHECKOUT.ORDER.VOIDED": "payment.expired",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED": "payment.expired",
    "CUSTOMER.DISPUTE.CREATED": "dispute.opened",
    "CUSTOMER.DISPUTE.RESOLVED": "dispute.closed",
}


class Signatures:
    """Verifies for one webhook: an event signed for another one of ours is refused."""

    def __init__(self, webhook_id: str, certificates: Certificates) -> None:
        self._webhook_id = webhook_id
        self._certificates = certificates

    def event(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """The event of a genuine webhook, else SignatureRefused."""
        lowered = {name.lower(): value for name, value in headers.items()}
        transmission, sent, signature, place, algorithm = (
            lowered.get(f"paypal-{name}", "")
            for name in (
                "transmission-id",
                "transmission-time",
                "transmission-sig",
                "cert-url",
                "auth-algo",
            )
        )
        if not transmission or not signature or len(body) > LIMIT_BYTES:
            raise SignatureRefused("a header is missing or the body too large")
        if algorithm != ALGORITHM:
            raise SignatureRefused("signed in a way that PayPal does not use")
        sent_at = _instant(sent)
        if not now - OLDEST <= sent_at <= now + FUTURE:
            raise SignatureRefused(f"sent at {sent_at.isoformat()}, too far from now")
        signed = f"{transmission}|{sent}|{self._webhook_id}|{zlib.crc32(body)}"
        key = self._certificates.key(place, now)
        try:
            given = base64.b64decode(signature, validate=True)
            key.verify(given, signed.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            raise SignatureRefused("the signature does not fit") from None
        return _event(body)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise SignatureRefused("the time of transmission cannot be read") from None


def disputed_capture(body: bytes) -> str:
    """The capture that a believed event is about, if it is a dispute's; "" if not."""
    return str(_disputed(json.loads(body)["resource"]).get("seller_transaction_id", ""))


def _disputed(resource: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (resource.get("disputed_transactions") or [{}])[0]
    return found


def _event(body: bytes) -> ProviderEvent:
    """An event without our ids (another program's sale) is taken and names nobody: it is kept and
    changes nothing, while a refusal would make PayPal repeat it for three days.
    """
    try:
        content: dict[str, Any] = json.loads(body.decode())
        kind = str(content["event_type"])
        resource = content["resource"]
        unit = resource if "custom_id" in resource else (resource.get("purchase_units") or [{}])[0]
        payment_id, order_id = own_ids(unit or _renamed(_disputed(resource)))
        return ProviderEvent(
            event_id=str(content["id"]),
            kind=KINDS.get(kind, kind[:LONGEST_KIND]),
            payment_id=payment_id or NOBODY,
            order_id=order_id,
            occurred_at=_instant(str(content["create_time"])),
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise SignatureRefused("signed, but not one of PayPal's events") from None


def own_ids(content: dict[str, Any]) -> tuple[UUID | None, UUID | None]:
    """(payment, order) of an order's unit, a capture or a refund."""
    return _uuid(content.get("custom_id")), _uuid(content.get("invoice_id"))


def _renamed(disputed: dict[str, Any]) -> dict[str, Any]:
    """A disputed transaction repeats a capture's ids under older names, where it does."""
    return {"custom_id": disputed.get("custom"), "invoice_id": disputed.get("invoice_number")}


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text).partition("/")[0])
    except ValueError:
        return None
