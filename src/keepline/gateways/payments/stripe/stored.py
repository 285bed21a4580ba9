"""Ways to pay that Stripe keeps: set up on its page, charged while the holder is away, forgotten.

https://docs.stripe.com/payments/save-and-reuse. The page is a Checkout Session in mode `setup`
with a Customer, to which Stripe attaches what the holder gives it. A charge is a PaymentIntent
that is confirmed as it is made; its metadata names our payment, and says that it is a charge, for
a Checkout Session's intent has the same ids.
"""

from typing import TYPE_CHECKING, Final
from uuid import UUID

from keepline.gateways.payments.port import (
    ChargeRequest,
    PaymentStatus,
    ProviderRefused,
    ProviderUnknown,
    StoredMethod,
    StoringRequest,
    StoringStatus,
)

from .amounts import require_currency, to_stripe
from .languages import locale_of
from .looking import CHARGE_REFUNDS, Looking
from .reading import CHARGED, Json, own_id
from .reading_stored import read_storing, stripe_type, stripe_types
from .sdk import NOT_ATTACHED, OTHER_CONTENT, Declined, asking, ordering

if TYPE_CHECKING:
    from stripe._v1_services import V1Services
    from stripe.params import PaymentIntentCreateParams
    from stripe.params.checkout import SessionCreateParams

NOT_FOUND: Final = StoringStatus("not_found", None)
METHOD: Final = "setup_intent.payment_method"


class Stored:
    """Beside the adapter, which looks payments up; safe to share between threads."""

    def __init__(self, stripe: "V1Services", looking: Looking) -> None:
        self._stripe = stripe
        self._looking = looking

    def open(self, request: StoringRequest) -> StoringStatus:
        """See the port. Stripe keeps the idempotency keys for a day."""
        require_currency(request.currency)
        account = {"account_id": str(request.account_id)}
        with ordering():
            customer = self._stripe.customers.create(
                {"metadata": account}, {"idempotency_key": f"customer {request.account_id}"}
            )
            params: SessionCreateParams = {
                "mode": "setup",
                "currency": request.currency.lower(),
                "customer": customer.id,
                "client_reference_id": str(request.storing_id),
                "metadata": {**account, "storing_id": str(request.storing_id)},
                "success_url": request.return_url,
                "cancel_url": request.cancel_url,
                "locale": locale_of(request.holder_language),
                "expand": [METHOD],
            }
            if request.kinds:
                params["allowed_payment_method_types"] = stripe_types(request.kinds)
            session = self._stripe.checkout.sessions.create(
                params, {"idempotency_key": str(request.storing_id)}
            )
            return read_storing(session.to_dict())

    def ask(self, storing_id: UUID, session_id: str | None) -> StoringStatus:
        """See the port. As with payments, Stripe finds no session by our id."""
        if not session_id:
            return NOT_FOUND
        with asking():
            session = self._stripe.checkout.sessions.retrieve(session_id, {"expand": [METHOD]})
            content: Json = session.to_dict()
            if own_id(content["metadata"], "storing_id") != storing_id:
                raise ValueError("the session of another storing")
            return read_storing(content)

    def charge(self, request: ChargeRequest) -> PaymentStatus:
        """See the port. Two calls: Stripe forgets keys after a day, so that the customer's charges
        are looked through for ours first."""
        amount = to_stripe(request.amount_minor, request.currency)
        with asking():
            known = self._looking.charge_of_customer(
                request.method.provider_customer_id, request.payment_id
            )
            status = self._looking.read(request.payment_id, known) if known else None
        if known and (known["amount"], known["currency"]) != (amount, request.currency.lower()):
            raise ProviderRefused(OTHER_CONTENT, "this payment was made with other content")
        if status is not None:
            return status
        try:
            return self._charged(request, amount)
        except ProviderRefused as refused:
            if refused.code == NOT_ATTACHED and self._is_forgotten(request.method):
                return _forgotten(request)
            raise

    def _charged(self, request: ChargeRequest, amount: int) -> PaymentStatus:
        try:
            with ordering():
                intent = self._stripe.payment_intents.create(
                    _intent_params(request, amount), {"idempotency_key": str(request.payment_id)}
                )
                return self._looking.read(request.payment_id, intent.to_dict())
        except Declined as declined:
            with asking():
                return self._looking.read(request.payment_id, declined.intent)

    def forget(self, method: StoredMethod) -> None:
        """See the port. What is detached can never be charged again."""
        try:
            with ordering():
                found = self._stripe.payment_methods.detach(method.provider_method_id).to_dict()
                if found["customer"] is not None:
                    raise ValueError("detached, and still somebody's")
        except ProviderRefused as refused:
            if not self._is_forgotten(method):
                raise ProviderUnknown(f"not forgotten: {refused.code}") from refused

    def _is_forgotten(self, method: StoredMethod) -> bool:
        """Whether it belongs to its customer no more. Raises ProviderUnknown, also where it is not
        known at all: Stripe forgets none, so another account's key was used."""
        with asking():
            found = self._stripe.payment_methods.retrieve(method.provider_method_id).to_dict()
            return bool(found["customer"] != method.provider_customer_id)


def _intent_params(request: ChargeRequest, amount: int) -> "PaymentIntentCreateParams":
    own = {"payment_id": str(request.payment_id), "order_id": str(request.order_id)}
    return {
        "amount": amount,
        "currency": request.currency.lower(),
        "customer": request.method.provider_customer_id,
        "payment_method": request.method.provider_method_id,
        # Named, since Stripe would otherwise want an address to come back to: nobody comes.
        "allowed_payment_method_types": [stripe_type(request.method.kind)],
        "off_session": True,
        "confirm": True,
        "description": request.description,
        "metadata": {**request.metadata, **own, **CHARGED},
        "expand": [CHARGE_REFUNDS],
    }


def _forgotten(request: ChargeRequest) -> PaymentStatus:
    return PaymentStatus(
        status="declined",
        amount_minor=request.amount_minor,
        currency=request.currency,
        captured_minor=0,
        refunded_minor=0,
        provider_payment_id=None,
        decline_code=NOT_ATTACHED,
        decline_kind="final",
    )
