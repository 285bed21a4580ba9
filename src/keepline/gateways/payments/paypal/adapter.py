"""PayPal behind the payment port. What it cannot do as others do stands at each call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

from keepline.gateways.payments.port import (
    ChargeRequest,
    ListedPayment,
    OpenedPayment,
    PaymentRequest,
    PaymentStatus,
    ProviderEvent,
    ProviderRefused,
    ProviderUnknown,
    RefundRequest,
    RefundStatus,
    StoredMethod,
    StoringRequest,
    StoringStatus,
)
from keepline.gateways.payments.told_with_payment import RefundsToldWithPayment

from . import books
from .bodies import order_body, refund_body
from .certificates import Certificates, Fetch, fetched_over_tls
from .orders import GONE, UNPROCESSABLE, Orders
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
from .signature import NOBODY, Signatures, disputed_capture, own_ids
from .stored import SEARCH_LATE, Stored

if TYPE_CHECKING:
    from .sdk import ApiRefused, PayPalApi

Json = dict[str, Any]
Environment = Literal["live", "sandbox"]
BASES: Final[dict[Environment, str]] = {
    "live": "https://api-m.paypal.com",
    "sandbox": "https://api-m.sandbox.paypal.com",
}
NOT_FOUND: Final = PaymentStatus("not_found", 0, "", 0, 0, None)
LONGEST_EVIDENCE: Final = 2000  # characters of the notes


def utc_now() -> datetime:
    """The clock, which decides only whether PayPal may have forgotten a key."""
    return datetime.now(UTC)


class SdkMissing(RuntimeError):
    """The operator chose PayPal and did not install its extra."""


class PayPalPayments(RefundsToldWithPayment):
    """Speaks to PayPal by its SDK; safe to share between threads.

    `webhook_id` is PayPal's id of our webhook, part of what it signs. `timeout_s` bounds each
    wait; a call may send up to four requests, and one more for each dispute. `api_base` names
    another place than PayPal's: the fake, with `fetch_certificate` to match. Raises SdkMissing.
    """

    name = "paypal"
    acknowledgement = "ok"
    stores_methods = True
    finds_charges = False  # its books are late, and it finds no order by our id

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
        clock: Callable[[], datetime] = utc_now,
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
        self._orders = Orders(self._api, self._refused)
        self._stored = Stored(self._api, self._refused, self._orders, clock)
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

        PayPal finds no order by our id; of a charge that nobody has told to us its books know
        hours later, and a repeat at once. An order that it shows no more is told as expired: it
        forgets unpaid ones within hours, paid ones long after we have booked them.
        """
        try:
            if provider_payment_id is None:
                return self._stored.in_books(payment_id, SEARCH_LATE) or NOT_FOUND
            order = self._orders.find(payment_id, provider_payment_id)
            with readable():
                approved = order is not None and is_open(order) and order["status"] == "APPROVED"
            if order is not None and approved:
                order = self._orders.captured(payment_id, order)
            return self._orders.status(order) if order else _gone(provider_payment_id)
        except ProviderRefused as refused:
            raise _no_answer(refused) from refused

    def cancel(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        """See the port. PayPal voids no unpaid order of the intent CAPTURE, so that one is closed
        by changing its intent to AUTHORIZE: from then on PayPal itself refuses to capture it, even
        to a call of ours that is on its way, and the holder's approval moves no money.
        """
        if provider_payment_id is None:
            return self.ask(payment_id, None)
        try:
            order = self._orders.find(payment_id, provider_payment_id)
            with readable():
                still_open = order is not None and is_open(order)
            if order is not None and still_open:
                order = self._orders.closed(payment_id, order)
            with readable():
                if order is not None and is_open(order):
                    raise ProviderUnknown("PayPal did not close the order")
            return self._orders.status(order) if order else _gone(provider_payment_id)
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
        """See the port. A certificate that is not known yet is fetched from PayPal, once; a
        dispute that does not repeat our ids names the capture, which is then looked at.
        """
        event = self._signatures.event(headers, body, now)
        capture_id = disputed_capture(body) if event.payment_id == NOBODY else ""
        if not capture_id:
            return event
        try:
            capture = self._api.get_capture(capture_id)
        except ProviderRefused:  # another program's sale
            return event
        payment_id, order_id = own_ids(capture)
        return replace(event, payment_id=payment_id or NOBODY, order_id=order_id)

    def open_storing(self, request: StoringRequest) -> StoringStatus:
        """See the port."""
        return self._stored.open(request)

    def ask_storing(self, storing_id: UUID, provider_storing_id: str | None) -> StoringStatus:
        """See the port."""
        try:
            return self._stored.ask(storing_id, provider_storing_id)
        except ProviderRefused as refused:
            raise _no_answer(refused) from refused

    def charge_stored(self, request: ChargeRequest) -> PaymentStatus:
        """See the port."""
        return self._stored.charge(request)

    def forget_method(self, method: StoredMethod) -> None:
        """See the port."""
        try:
            self._stored.forget(method)
        except ProviderRefused as refused:
            raise _no_answer(refused) from refused

    def answer_dispute(self, dispute_id: str, evidence: str) -> None:
        """See the port. PayPal takes evidence while it waits for the seller's, each time once."""
        self._api.provide_evidence(dispute_id, evidence[:LONGEST_EVIDENCE])


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
