"""PayPal behind the payment port. What it cannot do as others do stands at each call."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

from keepline.core.ids import derived_id
from keepline.gateways.payments.not_offered import DisputesNotAnswered, MethodsNotKept
from keepline.gateways.payments.port import (
    ListedPayment,
    OpenedPayment,
    PaymentRequest,
    PaymentStatus,
    ProviderEvent,
    ProviderRefused,
    ProviderUnknown,
    RefundRequest,
    RefundStatus,
)

from . import books
from .bodies import order_body, refund_body
from .certificates import Certificates, Fetch, fetched_over_tls
from .reading import (
    TAKEN,
    checkout_url,
    is_open,
    last_capture,
    money,
    payment_of,
    read_order,
    read_refund,
    readable,
)
from .signature import Signatures

if TYPE_CHECKING:
    from .sdk import ApiRefused, PayPalApi

Json = dict[str, Any]
Environment = Literal["live", "sandbox"]
BASES: Final[dict[Environment, str]] = {
    "live": "https://api-m.paypal.com",
    "sandbox": "https://api-m.sandbox.paypal.com",
}
NOT_FOUND: Final = PaymentStatus("not_found", 0, "", 0, 0, None)
UNPROCESSABLE: Final = 422
GONE: Final = frozenset({"RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"})
# Issues of a refused capture: https://developer.paypal.com/api/rest/reference/orders/v2/errors/
HOLDER_CHOOSES_AGAIN: Final = frozenset(
    {"INSTRUMENT_DECLINED", "PAYER_ACTION_REQUIRED", "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"}
)
CHANGED_MEANWHILE: Final = frozenset(
    {"ORDER_ALREADY_CAPTURED", "ORDER_NOT_APPROVED", "ACTION_DOES_NOT_MATCH_INTENT"}
)
DECLINES: Final = frozenset(
    {
        "COMPLIANCE_VIOLATION",
        "DOMESTIC_TRANSACTION_REQUIRED",
        "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED",
        "PAYEE_BLOCKED_TRANSACTION",
        "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
        "PAYER_ACCOUNT_RESTRICTED",
        "PAYER_CANNOT_PAY",
        "TRANSACTION_BLOCKED_BY_PAYEE",
        "TRANSACTION_LIMIT_EXCEEDED",
        "TRANSACTION_RECEIVING_LIMIT_EXCEEDED",
        "TRANSACTION_REFUSED",
    }
)


class SdkMissing(RuntimeError):
    """The operator chose PayPal and did not install its extra."""


class PayPalPayments(MethodsNotKept, DisputesNotAnswered):
    """Speaks to PayPal by its SDK; safe to share between threads.

    `webhook_id` is PayPal's id of our webhook, part of what it signs. `timeout_s` bounds each
    wait; a call may send up to three requests. `api_base` names another place than PayPal's: the
    fake, with `fetch_certificate` to match. Raises SdkMissing.
    """

    name = "paypal"
    acknowledgement = "ok"

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        webhook_id: str,
        timeout_s: float,
        environment: Environment = "live",
        *,
        api_base: str = "",
        fetch_certificate: Fetch = fetched_over_tls,
    ) -> None:
        try:
            sdk = import_module(".sdk", __package__)
        except ModuleNotFoundError as missing:
            raise SdkMissing(
                "Payments by PayPal need PayPal's library: pip install keepline[paypal]"
            ) from missing
        self._refused: type[ApiRefused] = sdk.ApiRefused
        self._api: PayPalApi = sdk.PayPalApi(
            api_base or BASES[environment], client_id, client_secret, timeout_s
        )
        self._signatures = Signatures(
            webhook_id, Certificates(fetch_certificate, sandbox=environment == "sandbox")
        )

    def open_payment(self, request: PaymentRequest) -> OpenedPayment:
        """See the port. PayPal keeps the idempotency key for six hours.

        It answers a repeat with the first order whatever the body says, so that what came back is
        compared with what was asked.
        """
        order = self._api.create_order(order_body(request), str(request.payment_id))
        with readable():
            asked = (request.amount_minor, request.currency)
            if money(order["purchase_units"][0]["amount"]) != asked:
                raise ProviderRefused("payment_id_used", "this payment was opened otherwise")
            return OpenedPayment(str(order["id"]), checkout_url(order))

    def ask(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        """See the port. An order that the holder approved is captured here, then told.

        PayPal finds no order by our id. One that it shows no more is told as expired: it forgets
        unpaid ones within hours, paid ones long after we have booked them.
        """
        if provider_payment_id is None:
            return NOT_FOUND
        try:
            order = self._order(payment_id, provider_payment_id)
            with readable():
                approved = order is not None and is_open(order) and order["status"] == "APPROVED"
            if order is not None and approved:
                order = self._captured(payment_id, order)
            with readable():
                return read_order(order) if order else _gone(provider_payment_id)
        except ProviderRefused as refused:
            raise _no_answer(refused) from refused

    def cancel(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        """See the port. PayPal voids no unpaid order of the intent CAPTURE, so that one is closed
        by changing its intent to AUTHORIZE: from then on PayPal itself refuses to capture it, even
        to a call of ours that is on its way, and the holder's approval moves no money.
        """
        if provider_payment_id is None:
            return NOT_FOUND
        try:
            order = self._order(payment_id, provider_payment_id)
            with readable():
                still_open = order is not None and is_open(order)
            if order is not None and still_open:
                order = self._closed(payment_id, order)
            with readable():
                status = read_order(order) if order else _gone(provider_payment_id)
                if order is not None and is_open(order):
                    raise ProviderUnknown("PayPal did not close the order")
                return status
        except ProviderRefused as refused:
            raise _no_answer(refused) from refused

    def refund(self, request: RefundRequest) -> RefundStatus:
        """See the port. The key is kept for 45 days; the order names refunds for as long as it is.

        An order that PayPal shows no more is refused: its refund is made in PayPal's own pages. Any
        other no to the look at the order is no answer, for an earlier try may have paid.
        """
        body = refund_body(request)
        try:
            order = self._api.get_order(request.provider_payment_id)
        except self._refused as refused:
            if refused.code in GONE:
                raise
            raise _no_answer(refused) from refused
        with readable():
            if payment_of(order) != request.payment_id:
                raise ProviderRefused("another_payment", "the order is of another payment")
            known = read_order(order).refunds.get(request.refund_id)
            capture = last_capture(order)
            if capture is None or capture["status"] not in TAKEN:
                return _refused(request, "not_captured")
            capture_id = str(capture["id"])
        if known is not None:
            return _same(request, known)
        try:
            answer = self._api.refund_capture(capture_id, body, str(request.refund_id))
        except self._refused as refused:
            if refused.status != UNPROCESSABLE:
                raise
            return self._paid_after_all(request) or _refused(request, refused.code)
        with readable():
            return _same(request, read_refund(answer))

    def _paid_after_all(self, request: RefundRequest) -> RefundStatus | None:
        """Our refund, when an earlier try paid it while its key was no longer kept: "nothing is
        left to refund" would then be read as a no, and the money given a second time.
        """
        try:
            order = self._api.get_order(request.provider_payment_id)
        except ProviderRefused as refused:
            raise _no_answer(refused) from refused
        with readable():
            return read_order(order).refunds.get(request.refund_id)

    def list_payments(
        self, opened_from: datetime, opened_until: datetime
    ) -> Sequence[ListedPayment]:
        """The captured payments of that time, as books.py says; checkouts nobody paid are absent.

        Raises ProviderUnknown.
        """
        try:
            rows = books.searched(self._api, opened_from, opened_until)
        except ProviderRefused as refused:
            raise _no_answer(refused) from refused
        with readable():
            return books.listed(rows, opened_from, opened_until)

    def verify_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderEvent:
        """See the port. A certificate that is not known yet is fetched from PayPal, once."""
        return self._signatures.event(headers, body, now)

    def _order(self, payment_id: UUID, order_id: str) -> Json | None:
        """The order, None when PayPal has it no more."""
        try:
            order = self._api.get_order(order_id)
        except self._refused as refused:
            if refused.code in GONE:
                return None
            raise
        with readable():
            if payment_of(order) != payment_id:
                raise ProviderUnknown("the order is of another payment")
        return order

    def _captured(self, payment_id: UUID, order: Json) -> Json:
        """The order after the capture, or after its refusal.

        The key changes with each change of the order, since the holder may come back with another
        way to pay; an order is captured once whatever the key.
        """
        key = derived_id(payment_id, f"capture {order.get('update_time', '')}")
        try:
            self._api.capture_order(order["id"], str(key))
        except self._refused as refused:
            if refused.code in HOLDER_CHOOSES_AGAIN:
                links = [*order.get("links", []), *refused.links]
                return {**order, "status": "PAYER_ACTION_REQUIRED", "links": links}
            if refused.code in DECLINES:
                return self._closed(payment_id, order, refused.code)
            if refused.code not in CHANGED_MEANWHILE:
                raise
        return self._api.get_order(order["id"])

    def _closed(self, payment_id: UUID, order: Json, code: str = "") -> Json:
        """The order as it is after it was closed; a decline leaves its `code` behind our id."""
        changes = [{"op": "replace", "path": "/intent", "value": "AUTHORIZE"}]
        if code:
            unit = order["purchase_units"][0].get("reference_id", "default")
            path = f"/purchase_units/@reference_id=='{unit}'/custom_id"
            changes.append({"op": "replace", "path": path, "value": f"{payment_id}/{code}"})
        try:
            self._api.patch_order(order["id"], changes)
        except self._refused as refused:
            if refused.status != UNPROCESSABLE:
                raise  # else it was captured or closed meanwhile, and the order tells it
        return self._api.get_order(order["id"])


def _gone(order_id: str) -> PaymentStatus:
    return PaymentStatus("expired", 0, "", 0, 0, order_id)


def _no_answer(refused: ProviderRefused) -> ProviderUnknown:
    """To refuse a question is not to answer it."""
    return ProviderUnknown(str(refused))


def _refused(request: RefundRequest, code: str) -> RefundStatus:
    return RefundStatus(request.refund_id, "refused", request.amount_minor, code)


def _same(request: RefundRequest, found: RefundStatus) -> RefundStatus:
    if (found.refund_id, found.amount_minor) != (request.refund_id, request.amount_minor):
        raise ProviderRefused("refund_id_used", "this refund was asked for otherwise")
    return found
