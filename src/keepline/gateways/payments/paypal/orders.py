"""Orders at PayPal: looked at, captured once, closed for good."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from keepline.core.ids import derived_id
from keepline.gateways.payments.port import PaymentStatus, ProviderUnknown

from . import books
from .declines import DECLINES, HOLDER_CHOOSES_AGAIN
from .disputes import disputes_of
from .reading import payment_of, read_order, readable

if TYPE_CHECKING:
    from .sdk import ApiRefused, PayPalApi

Json = dict[str, Any]
UNPROCESSABLE: Final = 422
GONE: Final = frozenset({"RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"})
CHANGED_MEANWHILE: Final = frozenset(
    {"ORDER_ALREADY_CAPTURED", "ORDER_NOT_APPROVED", "ACTION_DOES_NOT_MATCH_INTENT"}
)


class Orders:
    """Raises ProviderUnknown and, for PayPal's no, `refused`."""

    def __init__(self, api: "PayPalApi", refused: "type[ApiRefused]") -> None:
        self._api = api
        self._refused = refused

    def find(self, payment_id: UUID, order_id: str) -> Json | None:
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

    def in_books(self, payment_id: UUID, since: datetime, until: datetime) -> str | None:
        """The order of a payment that moved money, as Transaction Search knows it: hours late."""
        rows = books.searched(self._api, since, until)
        with readable():
            return books.order_of(rows, payment_id)

    def status(self, order: Json) -> PaymentStatus:
        """What the order says, with what was disputed of it."""
        with readable():
            status = read_order(order)
        return replace(status, disputes=disputes_of(self._api, self._refused, order))

    def captured(self, payment_id: UUID, order: Json) -> Json:
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
                return self.closed(payment_id, order, refused.code)
            if refused.code not in CHANGED_MEANWHILE:
                raise
        return self._api.get_order(order["id"])

    def closed(self, payment_id: UUID, order: Json, code: str = "") -> Json:
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
