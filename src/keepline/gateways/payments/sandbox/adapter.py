"""The sandbox provider behind the payment port. Refuses to exist in production."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from httpx import codes

from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.payments.port import (
    ChargeRequest,
    ListedPayment,
    OpenedPayment,
    PaymentRequest,
    PaymentStatus,
    ProviderEvent,
    ProviderUnknown,
    RefundRequest,
    RefundStatus,
    StoredMethod,
    StoringRequest,
    StoringStatus,
)
from keepline.gateways.payments.told_with_payment import RefundsToldWithPayment

from .mode import refuse_in_production
from .reading import (
    accepted,
    certain,
    error_of,
    read_listed,
    read_payment,
    read_refund,
    read_storing,
    readable,
)
from .signature import Signatures

NOT_FOUND = PaymentStatus("not_found", 0, "", 0, 0, None)


class SandboxPayments(RefundsToldWithPayment):
    """Speaks to the sandbox provider over HTTP; safe to share between threads.

    `timeout_s` bounds each wait (connecting, sending, reading); a call may take a little longer.
    """

    name = "sandbox"
    acknowledgement = "ok"
    stores_methods = True
    finds_charges = True

    def __init__(self, base_url: str, api_key: str, webhook_secret: str, timeout_s: float) -> None:
        refuse_in_production(os.environ)
        self._signatures = Signatures(webhook_secret)
        self._http = httpx.Client(
            base_url=base_url,
            headers={"authorization": f"Bearer {api_key}"},
            timeout=timeout_s,
            **LOOPBACK,
        )

    def open_payment(self, request: PaymentRequest) -> OpenedPayment:
        """See the port."""
        body = {
            "amount_minor": request.amount_minor,
            "currency": request.currency,
            "description": request.description,
            "language": request.holder_language,
            "return_url": request.return_url,
            "cancel_url": request.cancel_url,
            "metadata": _metadata(request),
        }
        answer = self._call("POST", "/v1/payments", json=body, key=request.payment_id)
        with readable():
            content = accepted(answer)
            return OpenedPayment(str(content["id"]), str(content["checkout_url"]))

    def ask(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        """See the port. The seller's id suffices at this provider."""
        del provider_payment_id
        query = {"payment_id": str(payment_id)}
        answer = self._call("GET", "/v1/payments", params=query)
        with readable():
            found = certain(answer)["payments"]
            return read_payment(found[0]) if found else NOT_FOUND

    def cancel(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        """See the port."""
        del provider_payment_id
        answer = self._call("POST", f"/v1/payments/{payment_id}/cancel")
        with readable():
            if _lacks(answer, "payment"):
                return NOT_FOUND
            return read_payment(certain(answer))

    def refund(self, request: RefundRequest) -> RefundStatus:
        """See the port."""
        body = {
            "payment": request.provider_payment_id,
            "amount_minor": request.amount_minor,
            "currency": request.currency,
        }
        answer = self._call("POST", "/v1/refunds", json=body, key=request.refund_id)
        with readable():
            if answer.status_code == codes.CONFLICT:  # a dispute has the money
                code, _ = error_of(answer)
                return RefundStatus(request.refund_id, "refused", request.amount_minor, code)
            return read_refund(accepted(answer))

    def open_storing(self, request: StoringRequest) -> StoringStatus:
        """See the port."""
        body = {
            "customer": str(request.account_id),
            "currency": request.currency,
            "language": request.holder_language,
            "return_url": request.return_url,
            "cancel_url": request.cancel_url,
        }
        answer = self._call("POST", "/v1/storings", json=body, key=request.storing_id)
        with readable():
            return read_storing(accepted(answer))

    def ask_storing(self, storing_id: UUID, provider_storing_id: str | None) -> StoringStatus:
        """See the port. The seller's id suffices at this provider."""
        del provider_storing_id
        answer = self._call("GET", f"/v1/storings/{storing_id}")
        with readable():
            if _lacks(answer, "storing"):
                return StoringStatus("not_found", None)
            return read_storing(certain(answer))

    def charge_stored(self, request: ChargeRequest) -> PaymentStatus:
        """See the port."""
        body = {
            "customer": request.method.provider_customer_id,
            "method": request.method.provider_method_id,
            "amount_minor": request.amount_minor,
            "currency": request.currency,
            "description": request.description,
            "metadata": _metadata(request),
        }
        answer = self._call("POST", "/v1/charges", json=body, key=request.payment_id)
        with readable():
            return read_payment(accepted(answer))

    def forget_method(self, method: StoredMethod) -> None:
        """See the port."""
        answer = self._call("DELETE", f"/v1/methods/{method.provider_method_id}")
        with readable():
            if not _lacks(answer, "method"):
                certain(answer)

    def answer_dispute(self, dispute_id: str, evidence: str) -> None:
        """See the port."""
        path = f"/v1/disputes/{dispute_id}/evidence"
        answer = self._call("POST", path, json={"text": evidence})
        with readable():
            accepted(answer)

    def list_payments(
        self, opened_from: datetime, opened_until: datetime
    ) -> Sequence[ListedPayment]:
        """See the port."""
        query = {"from": opened_from.isoformat(), "to": opened_until.isoformat()}
        rows: list[ListedPayment] = []
        after: str | None = ""
        while after is not None:
            answer = self._call("GET", "/v1/payments", params={**query, "after": after})
            with readable():
                content = certain(answer)
                rows.extend(read_listed(row) for row in content["payments"])
                after = content["next"]
        return rows

    def verify_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderEvent:
        """See the port."""
        return self._signatures.event(headers, body, now)

    def _call(
        self, method: str, path: str, key: UUID | None = None, **content: Any
    ) -> httpx.Response:
        """One request, one answer below 500; everything else is ProviderUnknown."""
        headers = {"idempotency-key": str(key)} if key else {}
        try:
            answer = self._http.request(method, path, headers=headers, **content)
        except httpx.HTTPError as error:
            raise ProviderUnknown(f"{method} {path}: {type(error).__name__}") from error
        if answer.is_server_error:
            raise ProviderUnknown(f"{method} {path}: HTTP {answer.status_code}")
        return answer


def _metadata(request: PaymentRequest | ChargeRequest) -> dict[str, str]:
    own = {"payment_id": str(request.payment_id), "order_id": str(request.order_id)}
    return {**request.metadata, **own}


def _lacks(answer: httpx.Response, what: str) -> bool:
    """Whether the provider says that it has no such thing, and not only no such page."""
    return answer.status_code == codes.NOT_FOUND and error_of(answer)[0] == f"{what}_not_found"
