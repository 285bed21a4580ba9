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


def text_of(content: dict[str, Any], name: str, limit: int) -> str:
    """A field that must be a text with something in it, else RequestRefused."""
    value = content.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > limit:
        raise _wrong(f"{name} must be a text of 1 to {limit} characters")
    return value


def _address(content: dict[str, Any], name: str) -> str:
    value = text_of(content, name, 1000)
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


def _currency(content: dict[str, Any]) -> str:
    value = content.get("currency")
    if not isinstance(value, str) or value not in _currencies():
        raise _wrong("currency must be an ISO 4217 code")
    return value


def _metadata(content: dict[str, Any], payment_id: str) -> dict[str, str]:
    value = content.get("metadata", {})
    if not isinstance(value, dict) or not all(
        isinstance(one, str) and len(one) <= TEXT_LIMIT for one in value.values()
    ):
        raise _wrong("metadata must be an object of short texts")
    if value.get("payment_id", payment_id) != payment_id:
        raise _wrong("metadata.payment_id must equal the Idempotency-Key")
    return value


def _own_id(key: str | None) -> str:
    """The seller's id, which is the Idempotency-Key header."""
    if not key:
        raise RequestRefused(400, "idempotency_key_missing", "Idempotency-Key is required")
    return uuid_of(key, "Idempotency-Key")


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False)


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
    payment_id = _own_id(key)
    metadata = _metadata(content, payment_id)
    return OpenBody(
        payment_id=payment_id,
        order_id=uuid_of(metadata.get("order_id"), "metadata.order_id"),
        amount_minor=_amount(content),
        currency=_currency(content),
        description=text_of(content, "description", TEXT_LIMIT),
        language=text_of(content, "language", 35),
        return_url=_address(content, "return_url"),
        cancel_url=_address(content, "cancel_url"),
        metadata=metadata,
        canonical=_canonical(content),
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
    return RefundBody(
        refund_id=_own_id(key),
        payment_id=text_of(content, "payment", 80),
        amount_minor=_amount(content),
        currency=text_of(content, "currency", 3),
        canonical=_canonical(content),
    )


@dataclass(frozen=True, slots=True)
class StoringBody:
    """POST /v1/storings."""

    storing_id: str
    customer: str
    language: str
    return_url: str
    cancel_url: str
    canonical: str


def storing_body(key: str | None, content: dict[str, Any]) -> StoringBody:
    """Checks the call; `key` is the Idempotency-Key header and the seller's storing id."""
    _currency(content)  # cards here take any, but a senseless one is refused
    return StoringBody(
        storing_id=_own_id(key),
        customer=uuid_of(content.get("customer"), "customer"),
        language=text_of(content, "language", 35),
        return_url=_address(content, "return_url"),
        cancel_url=_address(content, "cancel_url"),
        canonical=_canonical(content),
    )


@dataclass(frozen=True, slots=True)
class ChargeBody:
    """POST /v1/charges."""

    payment_id: str
    order_id: str
    customer: str
    method: str
    amount_minor: int
    currency: str
    description: str
    metadata: dict[str, str]
    canonical: str


def charge_body(key: str | None, content: dict[str, Any]) -> ChargeBody:
    """Checks the call; `key` is the Idempotency-Key header and the seller's payment id."""
    payment_id = _own_id(key)
    metadata = _metadata(content, payment_id)
    return ChargeBody(
        payment_id=payment_id,
        order_id=uuid_of(metadata.get("order_id"), "metadata.order_id"),
        customer=uuid_of(content.get("customer"), "customer"),
        method=text_of(content, "method", 80),
        amount_minor=_amount(content),
        currency=_currency(content),
        description=text_of(content, "description", TEXT_LIMIT),
        metadata=metadata,
        canonical=_canonical(content),
    )
