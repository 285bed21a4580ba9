"""PayPal accounts that holders let PayPal keep for us (vault v3), and charges of them.

https://developer.paypal.com/api/payment-tokens/save-without-purchase/paypal: a setup token leads
the holder to PayPal; approved, it is exchanged for a payment token. An order that names the token
is captured by PayPal as it is made. Our storing id stands as the customer's name at PayPal, which
makes a customer for each storing.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from keepline.core.ids import derived_id
from keepline.gateways.payments.masking import masked
from keepline.gateways.payments.port import (
    ChargeRequest,
    PaymentStatus,
    ProviderRefused,
    ProviderUnknown,
    StoredMethod,
    StoringRequest,
    StoringStatus,
)

from .bodies import charge_body, setup_body
from .declines import DECLINES, FORGOTTEN, HOLDER_CHOOSES_AGAIN, VAULT_DECLINES, kind_of
from .orders import GONE, Orders
from .reading import checkout_url, is_open, money, payment_of, readable

if TYPE_CHECKING:
    from .sdk import ApiRefused, PayPalApi

Json = dict[str, Any]
NOT_FOUND: Final = StoringStatus("not_found", None)
WAITING: Final = frozenset({"CREATED", "PAYER_ACTION_REQUIRED"})
EXCHANGED: Final = frozenset({"VAULTED", "TOKENIZED"})
NOT_THERE: Final = 404
TIMED: Final = 7  # the version of ids that tell when they were made
# PayPal keeps the key of an order for six hours, and its Transaction Search is three hours late.
KEY_KEPT: Final = timedelta(hours=5)
SEARCH_LATE: Final = timedelta(hours=3)


class Stored:
    """Beside the adapter; safe to share between threads."""

    def __init__(
        self,
        api: "PayPalApi",
        refused: "type[ApiRefused]",
        orders: Orders,
        clock: Callable[[], datetime],
    ) -> None:
        self._api = api
        self._refused = refused
        self._orders = orders
        self._clock = clock

    def open(self, request: StoringRequest) -> StoringStatus:
        """See the port. PayPal keeps the idempotency key for three hours."""
        token = self._api.create_setup_token(setup_body(request), str(request.storing_id))
        with readable():
            return StoringStatus("pending", str(token["id"]), checkout_url(token))

    def ask(self, storing_id: UUID, token_id: str | None) -> StoringStatus:
        """See the port. PayPal finds no setup token by our id; one that it shows no more (after
        three days) is told as expired. A holder who declines leaves it to that.
        """
        if token_id is None:
            return NOT_FOUND
        try:
            token = self._api.get_setup_token(token_id)
            with readable():
                status, customer = str(token["status"]), token["customer"]
                if customer.get("merchant_customer_id") != str(storing_id):
                    raise ProviderUnknown("the token is of another storing")
                if status in WAITING:
                    return StoringStatus("pending", token_id, checkout_url(token))
            return StoringStatus("stored", token_id, method=self._method(storing_id, token))
        except self._refused as refused:
            if refused.code in GONE:
                return StoringStatus("expired", token_id)
            raise

    def _method(self, storing_id: UUID, token: Json) -> StoredMethod:
        """The payment token that an approved setup token is exchanged for, or was before."""
        customer = str(token["customer"]["id"])
        if token["status"] in EXCHANGED:
            page = self._api.payment_tokens(customer)
            with readable():
                return _read_method(customer, page["payment_tokens"][0])
        key = str(derived_id(storing_id, "exchange"))
        kept = self._api.create_payment_token(str(token["id"]), key)
        with readable():
            return _read_method(customer, kept)

    def charge(self, request: ChargeRequest) -> PaymentStatus:
        """See the port. What is asked for when PayPal may have forgotten the key is looked for in
        its books first."""
        known = self.in_books(request.payment_id, KEY_KEPT)
        if known is not None:
            return known
        try:
            order = self._api.create_order(charge_body(request), str(request.payment_id))
        except self._refused as refused:
            if refused.code in DECLINES | HOLDER_CHOOSES_AGAIN | VAULT_DECLINES:
                return _declined(request, refused.code)
            if self._is_forgotten(request.method):
                return _declined(request, FORGOTTEN)
            raise
        with readable():
            if payment_of(order) != request.payment_id:
                raise ProviderUnknown("the order is of another payment")
            asked = (request.amount_minor, request.currency)
            if money(order["purchase_units"][0]["amount"]) != asked:
                raise ProviderRefused("payment_id_used", "this payment was made otherwise")
        return self._orders.status(self._settled(request.payment_id, order))

    def _settled(self, payment_id: UUID, order: Json) -> Json:
        """Nobody is there to do what an open order still wants, so that it is closed."""
        if is_open(order) and order["status"] == "APPROVED":
            order = self._orders.captured(payment_id, order)
        if is_open(order):
            return self._orders.closed(payment_id, order, "PAYER_ACTION_REQUIRED")
        return order

    def in_books(self, payment_id: UUID, younger_than: timedelta) -> PaymentStatus | None:
        """A charge whose order nobody has told to us. None too for a payment that is younger."""
        now = self._clock()
        if payment_id.version != TIMED:
            return None
        made_at = datetime.fromtimestamp((payment_id.int >> 80) / 1000, UTC)
        if now - made_at < younger_than:
            return None
        order_id = self._orders.in_books(payment_id, made_at, now)
        order = self._orders.find(payment_id, order_id) if order_id else None
        return self._orders.status(order) if order else None

    def forget(self, method: StoredMethod) -> None:
        """See the port."""
        try:
            self._api.delete_payment_token(method.provider_method_id)
        except self._refused as refused:
            if refused.status != NOT_THERE:
                raise

    def _is_forgotten(self, method: StoredMethod) -> bool:
        try:
            self._api.get_payment_token(method.provider_method_id)
        except self._refused as refused:
            return refused.status == NOT_THERE
        return False


def _read_method(customer: str, token: Json) -> StoredMethod:
    email = str(token["payment_source"]["paypal"].get("email_address", ""))
    label = f"PayPal {masked(email)}".strip()[:80]
    return StoredMethod(customer, str(token["id"]), "paypal", label, None)


def _declined(request: ChargeRequest, code: str) -> PaymentStatus:
    return PaymentStatus(
        status="declined",
        amount_minor=request.amount_minor,
        currency=request.currency,
        captured_minor=0,
        refunded_minor=0,
        provider_payment_id=None,
        decline_code=code,
        decline_kind=kind_of(code),
    )
