"""Stripe behind the payment port: Checkout Sessions, paid on Stripe's page."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from keepline.gateways.payments.not_offered import DisputesNotAnswered, MethodsNotKept
from keepline.gateways.payments.port import (
    ListedPayment,
    OpenedPayment,
    PaymentRequest,
    PaymentStatus,
    ProviderEvent,
    ProviderRefused,
    RefundRequest,
    RefundStatus,
)

from .amounts import to_stripe
from .reading import Json, own_id, read_listed, read_refund, read_session
from .sdk import asking, client, ordering
from .signature import Signatures

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams, SessionListParams

NOT_FOUND = PaymentStatus("not_found", 0, "", 0, 0, None)
PAGE: Final = 100  # Stripe's largest
REFUNDS: Final = "payment_intent.latest_charge.refunds"  # brings those on the way with it

OTHER_CONTENT: Final = "idempotency_error"  # a known key with another body

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

# The languages of Stripe's page; others are left to the browser.
LOCALES: Final = (
    "bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl"
    " pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW"
)
CHINESE: Final = {"zh-Hans": "zh", "zh-Hant": "zh-TW", "zh-Hant-HK": "zh-HK"}


class StripePayments(MethodsNotKept, DisputesNotAnswered):
    """Speaks to Stripe over HTTPS; safe to share between threads.

    `timeout_s` bounds each wait (connecting, reading). `api_base` leads elsewhere than to
    Stripe, for tests. Raises StripeMissing without the extra.
    """

    name = "stripe"
    acknowledgement = "ok"

    def __init__(
        self, secret_key: str, webhook_secret: str, timeout_s: float, api_base: str | None = None
    ) -> None:
        self._stripe = client(secret_key, timeout_s, api_base).v1
        self._signatures = Signatures(webhook_secret)

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
        """See the port. Stripe finds no session by the seller's id.

        Stripe forgets no session: where it does not know the one that it named to us, it was
        asked with the key of another account, and that is no answer.
        """
        if not provider_payment_id:
            return NOT_FOUND
        with asking():
            return self._read(payment_id, self._session(provider_payment_id))

    def cancel(self, payment_id: UUID, provider_payment_id: str | None) -> PaymentStatus:
        """See the port. `pending` while a slow method is under way: that cannot be stopped."""
        if not provider_payment_id:
            return NOT_FOUND
        try:
            with ordering():
                session = self._stripe.checkout.sessions.expire(
                    provider_payment_id, {"expand": [REFUNDS]}
                )
                return self._read(payment_id, session.to_dict())
        except ProviderRefused:  # it is not open any more
            return self.ask(payment_id, provider_payment_id)

    def refund(self, request: RefundRequest) -> RefundStatus:
        """See the port. Two calls: Stripe gives back what an intent took, not a session.

        A repeat finds its refund by our id, since Stripe forgets keys after a day.
        """
        amount = to_stripe(request.amount_minor, request.currency)
        with asking():
            session = self._session(request.provider_payment_id)
            payment = self._read(request.payment_id, session)
            intent = session["payment_intent"]["id"] if payment.status == "captured" else ""
        known = payment.refunds.get(request.refund_id)
        if known is not None and known.amount_minor != request.amount_minor:
            raise ProviderRefused(OTHER_CONTENT, "this refund was made with another amount")
        if known is not None or not intent:
            return known or _no_refund(request, "not_captured")
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
            rows = [
                read_listed(session, self._refunds_of(session))
                for session in self._sessions(from_s, until_s)
                if own_id(session["metadata"], "payment_id")
            ]
        return rows[::-1]  # Stripe's come newest first

    def verify_webhook(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> ProviderEvent:
        """See the port."""
        return self._signatures.event(headers, body, now)

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

    def _session(self, session_id: str) -> Json:
        session = self._stripe.checkout.sessions.retrieve(session_id, {"expand": [REFUNDS]})
        return session.to_dict()

    def _read(self, payment_id: UUID, session: Json) -> PaymentStatus:
        if own_id(session["metadata"], "payment_id") != payment_id:
            raise ValueError("the session of another payment")
        return read_session(session, self._refunds_of(session))

    def _refunds_of(self, session: Json) -> list[Json]:
        """All refunds of a session, newest first; more than ten come in pages of their own."""
        charge = (session["payment_intent"] or {}).get("latest_charge")
        if charge is None:
            return []
        found: list[Json] = list(charge["refunds"]["data"])
        more = charge["refunds"]["has_more"]
        while more:
            page = self._stripe.refunds.list(
                {"charge": charge["id"], "limit": PAGE, "starting_after": found[-1]["id"]}
            ).to_dict()
            found += page["data"]
            more = page["has_more"]
        return found

    def _sessions(self, from_s: int, until_s: int) -> Iterator[Json]:
        params: SessionListParams = {
            "created": {"gte": from_s, "lt": until_s},
            "limit": PAGE,
            "expand": [f"data.{REFUNDS}"],
        }
        more = True
        while more:
            page = self._stripe.checkout.sessions.list(params).to_dict()
            yield from page["data"]
            more = page["has_more"]
            if more:
                params["starting_after"] = page["data"][-1]["id"]

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
    return {
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


def locale_of(language: str) -> str:
    """Stripe's word for a BCP 47 language."""
    known = LOCALES.split()
    candidates = (language, CHINESE.get(language, ""), language.partition("-")[0])
    return next((one for one in candidates if one in known), "auto")


def _no_refund(request: RefundRequest, code: str) -> RefundStatus:
    return RefundStatus(request.refund_id, "refused", request.amount_minor, code)


def _opened(session: Json) -> OpenedPayment:
    return OpenedPayment(_text(session["id"]), _text(session["url"]))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("not a text")
    return value
