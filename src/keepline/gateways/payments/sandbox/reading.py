"""Reads the sandbox provider's answers. What cannot be read is an unknown outcome."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, cast, get_args
from uuid import UUID

import httpx

from keepline.gateways.payments.port import (
    DisputeOutcome,
    DisputeStatus,
    ListedPayment,
    PaymentOutcome,
    PaymentStatus,
    ProviderRefused,
    ProviderUnknown,
    RefundOutcome,
    RefundStatus,
    StoredMethod,
    StoringOutcome,
    StoringStatus,
)

from .declines import kind_of


@contextmanager
def readable() -> Iterator[None]:
    """An answer without the promised shape says nothing certain: ProviderUnknown."""
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ProviderUnknown(f"unreadable answer: {type(error).__name__}") from error


def accepted(answer: httpx.Response) -> dict[str, Any]:
    """The content of a 2xx. A 4xx means that nothing was done: ProviderRefused."""
    if answer.is_client_error:
        raise ProviderRefused(*error_of(answer))
    return certain(answer)


def certain(answer: httpx.Response) -> dict[str, Any]:
    """The content of a 2xx. Else ProviderUnknown: to refuse a question is not to answer it."""
    if not answer.is_success:
        raise ProviderUnknown(f"HTTP {answer.status_code}")
    content: dict[str, Any] = answer.json()
    return content


def error_of(answer: httpx.Response) -> tuple[str, str]:
    """(code, message) of a refusal; the HTTP status where it names none."""
    try:
        error = answer.json()["error"]
        return str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        return f"http_{answer.status_code}", answer.text[:200]


def read_payment(content: dict[str, Any]) -> PaymentStatus:
    """A payment of the provider's JSON."""
    refunds = [read_refund(row) for row in content["refunds"]]
    currency, code = str(content["currency"]), str(content["decline_code"])
    disputes = [_read_dispute(row, currency) for row in content["disputes"]]
    return PaymentStatus(
        status=cast("PaymentOutcome", _word(content, get_args(PaymentOutcome))),
        amount_minor=int(content["amount_minor"]),
        currency=currency,
        captured_minor=int(content["captured_minor"]),
        refunded_minor=int(content["refunded_minor"]),
        provider_payment_id=str(content["id"]),
        decline_code=code,
        checkout_url=str(content["checkout_url"]) if content["status"] == "pending" else "",
        refunds={refund.refund_id: refund for refund in refunds},
        decline_kind=kind_of(code),
        disputes={dispute.dispute_id: dispute for dispute in disputes},
    )


def _read_dispute(content: dict[str, Any], currency: str) -> DisputeStatus:
    return DisputeStatus(
        dispute_id=str(content["id"]),
        status=cast("DisputeOutcome", _word(content, get_args(DisputeOutcome))),
        amount_minor=int(content["amount_minor"]),
        currency=currency,
        reason=str(content["reason"]),
        evidence_until=datetime.fromisoformat(content["evidence_until"]),
    )


def read_refund(content: dict[str, Any]) -> RefundStatus:
    """A refund of the provider's JSON."""
    return RefundStatus(
        refund_id=UUID(content["refund_id"]),
        status=cast("RefundOutcome", _word(content, get_args(RefundOutcome))),
        amount_minor=int(content["amount_minor"]),
        code=str(content["code"]),
    )


def read_storing(content: dict[str, Any]) -> StoringStatus:
    """A storing of the provider's JSON."""
    method = content["method"]
    return StoringStatus(
        status=cast("StoringOutcome", _word(content, get_args(StoringOutcome))),
        provider_storing_id=str(content["id"]),
        checkout_url=str(content["page_url"]) if content["status"] == "pending" else "",
        method=_read_method(method) if method is not None else None,
        decline_code=str(content["decline_code"]),
    )


def _read_method(content: dict[str, Any]) -> StoredMethod:
    return StoredMethod(
        provider_customer_id=str(content["customer"]),
        provider_method_id=str(content["id"]),
        kind="sandbox",
        label=str(content["label"]),
        expires_on=date.fromisoformat(content["expires_on"]),
    )


def read_listed(content: dict[str, Any]) -> ListedPayment:
    """A payment of the provider's list."""
    return ListedPayment(
        payment_id=UUID(content["payment_id"]),
        opened_at=datetime.fromisoformat(content["opened_at"]),
        status=read_payment(content),
    )


def _word(content: dict[str, Any], known: tuple[str, ...]) -> str:
    word = str(content["status"])
    if word not in known:
        raise ValueError(f"status {word} is not one we know")
    return word
