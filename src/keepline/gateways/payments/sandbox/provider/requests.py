"""Bodies of the seller's calls: read, checked, made canonical."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from babel import Locale

TEXT_LIMIT = 500
LIMIT_MINOR = 10**12


class RequestRefused(Exception):
    """The seller's call is wrong: HTTP status, machine-readable code, message in English."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@cache
def _currencies() -> frozenset[str]:
    return frozenset(Locale("en").currencies)


def _wrong(message: str) -> RequestRefused:
    return RequestRefused(422, "invalid_request", message)


def parsed_json(body: bytes) -> dict[str, Any]:
    """The body as a JSON object, else RequestRefused 400."""
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        raise RequestRefused(400, "invalid_json", "the body is not JSON") from None
    if not isinstance(content, dict):
        raise RequestRefused(400, "invalid_json", "the body is not a JSON object")
    return content


def uuid_of(value: object, name: str) -> str:
    """The canonical text of a UUID, else RequestRefused."""
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise _wrong(f"{name} must be a UUID") from None


def _text(content: dict[str, Any], name: str, limit: int) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > limit:
        raise _wrong(f"{name} must be a text of 1 to {limit} characters")
    return value


def _address(content: dict[str, Any], name: str) -> str:
    value = _text(content, name, 1000)
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _wrong(f"{name} must be an http or https address")
    return value


def _amount(content: dict[str, Any]) -> int:
    value = content.get("amount_minor")
    if type(value) is not int or not 0 < value <= LIMIT_MINOR:
        raise _wrong("amount_minor must be a whole number from 1 to 1000000000000")
    return value


@dataclass(frozen=True, slots=True)
class OpenBody:
    """POST /v1/payments."""

    payment_id: str
    order_id: str
    amount_minor: int
    currency: str
    description: str
    language: str
    return_url: str
    cancel_url: str
    metadata: dict[str, str]
    canonical: str


def open_body(key: str | None, content: dict[str, Any]) -> OpenBody:
    """Checks the call; `key` is the Idempotency-Key header and the seller's payment id."""
    if not key:
        raise RequestRefused(400, "idempotency_key_missing", "Idempotency-Key is required")
    metadata = content.get("metadata", {})
    if not isinstance(metadata, dict) or not all(
        isinstance(value, str) and len(value) <= TEXT_LIMIT for value in metadata.values()
    ):
        raise _wrong("metadata must be an object of short texts")
    currency = content.get("currency")
    if currency not in _currencies():
        raise _wrong("currency must be an ISO 4217 code")
    payment_id = uuid_of(key, "Idempotency-Key")
    if metadata.get("payment_id", payment_id) != payment_id:
        raise _wrong("metadata.payment_id must equal the Idempotency-Key")
    return OpenBody(
        payment_id=payment_id,
        order_id=uuid_of(metadata.get("order_id"), "metadata.order_id"),
        amount_minor=_amount(content),
        currency=currency,
        description=_text(content, "description", TEXT_LIMIT),
        language=_text(content, "language", 35),
        return_url=_address(content, "return_url"),
        cancel_url=_address(content, "cancel_url"),
        metadata=metadata,
        canonical=json.dumps(content, sort_keys=True, ensure_ascii=False),
    )


@dataclass(frozen=True, slots=True)
class RefundBody:
    """POST /v1/refunds."""

    refund_id: str
    payment_id: str
    amount_minor: int
    currency: str
    canonical: str


def refund_body(key: str | None, content: dict[str, Any]) -> RefundBody:
    """Checks the call; `key` is the Idempotency-Key header and the seller's refund id."""
    if not key:
        raise RequestRefused(400, "idempotency_key_missing", "Idempotency-Key is required")
    return RefundBody(
        refund_id=uuid_of(key, "Idempotency-Key"),
        payment_id=_text(content, "payment", 80),
        amount_minor=_amount(content),
        currency=_text(content, "currency", 3),
        canonical=json.dumps(content, sort_keys=True, ensure_ascii=False),
    )
