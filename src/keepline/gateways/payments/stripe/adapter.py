"""Stripe behind the payment port: Checkout Sessions, paid on Stripe's page, and charges of what
Stripe keeps (stored.py)."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from keepline.gateways.payments.port import (
    ChargeRequest,
    ListedPayment,
    OpenedPayment,
    PaymentRequest,
    PaymentStatus,
    ProviderEvent,
    ProviderRefused,
    RefundRequest,
    RefundStatus,
    StoredMethod,
    StoringRequest,
    StoringStatus,
)
from keepline.gateways.payments.told_with_payment import RefundsToldWithPayment

from .amounts import to_stripe
from .languages import locale_of
from .looking import OF_CHARGES, PAGE, SESSION_REFUNDS, Looking
from .reading import Json, intent_of, own_id, read_listed, read_refund
from .reading_stored import stripe_types
from .sdk import OTHER_CONTENT, asking, client, ordering
from .signature import Signatures, disputed_intent
from .stored import Stored

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

NOT_FOUND = PaymentStatus("not_found", 0, "", 0, 0, None)
LONGEST_EVIDENCE: Final = 20_000  # characters of Stripe's uncategorized_text
# Why money stays where it is although nothing is wrong with the call.
NO_REFUND: Final = frozenset(
    {
        "charge_already_refunded",
        "charge_disputed",
        "refund_disputed_payment",
        "invalid_amount",
        "amount_too_large",
        "balance_insufficient",
        "insufficient_funds",
    }
)


class StripePayments(RefundsToldWithPayment):
    """Speaks to Stripe over HTTPS; safe to share between threads.

    `timeout_s` bounds each wait (connecting, reading). `api_base` leads elsewhere than to
    Stripe, for tests; so does `unix_s`, the clock. Raises StripeMissing without the extra.
    """

    name = "stripe"
    acknowledgement = "ok"
    stores_methods = True
    finds_charges = True

    def __init__(
        self,
        secret_key: str,
        webhook_secret: str,
        timeout_s: float,
        api_base: str | None = None,
        unix_s: Callable[[], float] = time.time,
    ) -> None:
        self._stripe = client(secret_key, timeout_s, api_base).v1
        self._signatures = Signatures(webhook_secret)
        self._looking = Looking(self._stripe, unix_s)
        self._stored = Stored(self._stripe, self._looking)

    def open_payment(self, request: PaymentRequest) -> OpenedPayment:
        """See the port."""
        params = _session_params(request)
        try:
            with ordering():
                session = self._stripe.checkout.sessions.create(
                    params, {"idempotency_key": str(request.payment_id)}
                )
                return _opened(session.to_dict())
        except ProviderRefused as refused:
            before = self._opened_before(request) if refused.code == OTHER_CONTENT else None
            if before is None:
                raise
            return before

    def ask(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        """See the port. Stripe finds no session by the seller's id, but charges, by what is
        written on them.

        Stripe forgets neither: where it does not know the one that it named to us, it was asked
        with the key of another account, and that is no answer.
        """
        with asking():
            if provider_payment_id:
                payment = self._looking.payment(provider_payment_id)
            else:
                charge = self._looking.charge_by_id(payment_id)
                if charge is None:
                    return NOT_FOUND
                payment = charge
            return self._looking.read(payment_id, payment)

    def cancel(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        """See the port. `pending` while a slow method is under way: that cannot be stopped, and
        neither can a charge."""
        if not provider_payment_id or provider_payment_id.startswith(OF_CHARGES):
            return self.ask(payment_id, provider_payment_id)
        try:
            with ordering():
                session = self._stripe.checkout.sessions.expire(
                    provider_payment_id, {"expand": [SESSION_REFUNDS]}
                )
                return self._looking.read(payment_id, session.to_dict())
        except ProviderRefused:  # it is not open any more
            return self.ask(payment_id, provider_payment_id)

    def refund(self, request: RefundRequest) -> RefundStatus:
        """See the port. Two calls: Stripe gives back what an intent took, not a session.

        A repeat finds its refund by our id, since Stripe forgets keys after a day.
        """
        amount = to_stripe(request.amount_minor, request.currency)
        with asking():
            found = self._looking.payment(request.provider_payment_id)
            payment = self._looking.read(request.payment_id, found)
            intent = (intent_of(found) or {})["id"] if payment.status == "captured" else ""
        known = payment.refunds.get(request.refund_id)
        if known is not None and known.amount_minor != request.amount_minor:
            raise ProviderRefused(OTHER_CONTENT, "this refund was made with another amount")
        if known is not None or not intent:
            return known or _no_refund(request, "not_captured")
        if any(each.status == "open" for each in payment.disputes.values()):
            # Asked all the same, Stripe would repeat its no for a day after the dispute was won.
            return _no_refund(request, "charge_disputed")
        try:
            return self._make_refund(request, intent, amount)
        except ProviderRefused as refused:
            if refused.code not in NO_REFUND:
                raise
            return _no_refund(request, refused.code)

    def list_payments(
        self, opened_from: datetime, opened_until: datetime
    ) -> Sequence[ListedPayment]:
        """See the port. Stripe counts in seconds: both ends are cut down to whole ones, so that
        spans that meet neither share nor miss a payment."""
        from_s, until_s = int(opened_from.timestamp()), int(opened_until.timestamp())
        with asking():
            looking = self._looking
            found = (*looking.sessions(from_s, until_s), *looking.charges(from_s, until_s))
            rows = [
                read_listed(payment, looking.refunds_of(payment), looking.disputes_of(payment))
                for payment in found
            ]
        rows.reverse()  # Stripe's come newest first; within one second only its order tells that
        return sorted(rows, key=lambda row: row.opened_at)

    def verify_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderEvent:
        """See the port. A dispute names Stripe's intent only, which is then looked at."""
        event = self._signatures.event(headers, body, now)
        intent = disputed_intent(body)
        if not intent:
            return event
        with asking():
            about: Json = self._stripe.payment_intents.retrieve(intent).to_dict()
            payment_id = own_id(about["metadata"], "payment_id") or event.payment_id
            order_id = own_id(about["metadata"], "order_id")
            return replace(event, payment_id=payment_id, order_id=order_id)

    def open_storing(self, request: StoringRequest) -> StoringStatus:
        """See the port."""
        return self._stored.open(request)

    def ask_storing(self, storing_id: UUID, provider_storing_id: str | None) -> StoringStatus:
        """See the port."""
        return self._stored.ask(storing_id, provider_storing_id)

    def charge_stored(self, request: ChargeRequest) -> PaymentStatus:
        """See the port."""
        return self._stored.charge(request)

    def forget_method(self, method: StoredMethod) -> None:
        """See the port."""
        self._stored.forget(method)

    def answer_dispute(self, dispute_id: str, evidence: str) -> None:
        """See the port. Stripe takes evidence once; the same text again is no second one."""
        text = evidence[:LONGEST_EVIDENCE]
        try:
            with ordering():
                self._stripe.disputes.update(
                    dispute_id, {"evidence": {"uncategorized_text": text}, "submit": True}
                )
        except ProviderRefused as refused:
            if refused.code == "resource_missing" or not self._is_answered(dispute_id, text):
                raise

    def _is_answered(self, dispute_id: str, text: str) -> bool:
        with asking():
            dispute: Json = self._stripe.disputes.retrieve(dispute_id).to_dict()
            submitted = dispute["evidence_details"]["submission_count"] > 0
            return bool(submitted and dispute["evidence"]["uncategorized_text"] == text)

    def _opened_before(self, request: PaymentRequest) -> OpenedPayment | None:
        """The session under a known key when only words or addresses differ.

        An opening whose answer was lost may be repeated in another language. It was made a moment
        ago, so the newest page has it; where it has not, no holder has its address either.
        """
        money = (to_stripe(request.amount_minor, request.currency), request.currency.lower())
        with asking():
            page = self._stripe.checkout.sessions.list({"limit": PAGE}).to_dict()
            for session in page["data"]:
                if own_id(session["metadata"], "payment_id") == request.payment_id:
                    same = (session["amount_total"], session["currency"]) == money
                    return _opened(session) if same else None
        return None

    def _make_refund(self, request: RefundRequest, intent: str, amount: int) -> RefundStatus:
        own = {"refund_id": str(request.refund_id), "payment_id": str(request.payment_id)}
        with ordering():
            refund = self._stripe.refunds.create(
                {"payment_intent": intent, "amount": amount, "metadata": own},
                {"idempotency_key": str(request.refund_id)},
            )
            return read_refund(refund.to_dict())


def _session_params(request: PaymentRequest) -> "SessionCreateParams":
    own = {"payment_id": str(request.payment_id), "order_id": str(request.order_id)}
    metadata = {**request.metadata, **own}
    params: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": str(request.payment_id),
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": request.description},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": request.currency.lower(),
                    "unit_amount": to_stripe(request.amount_minor, request.currency),
                    "product_data": {"name": request.description},
                },
            }
        ],
        "adaptive_pricing": {"enabled": False},  # what is captured is what was asked
        "success_url": request.return_url,
        "cancel_url": request.cancel_url,
        "locale": locale_of(request.holder_language),
    }
    if request.kinds:
        params["allowed_payment_method_types"] = stripe_types(request.kinds)
    return params


def _no_refund(request: RefundRequest, code: str) -> RefundStatus:
    return RefundStatus(request.refund_id, "refused", request.amount_minor, code)


def _opened(session: Json) -> OpenedPayment:
    return OpenedPayment(_text(session["id"]), _text(session["url"]))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("not a text")
    return value
