"""Orders, captures and refunds of the fake, as the JSON that PayPal would show."""

import secrets
import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .vault import Vault

Json = dict[str, Any]
ALPHABET: Final = string.ascii_uppercase + string.digits
CURRENCIES: Final = frozenset({"AUD", "EUR", "GBP", "HUF", "JPY", "SGD", "TWD", "USD"})
WITHOUT_DECIMALS: Final = frozenset({"HUF", "JPY", "TWD"})
CAPTURE_STATES: Final = frozenset({"COMPLETED", "PENDING", "DECLINED", "FAILED"})
EVENTS: Final = {"COMPLETED": "COMPLETED", "PENDING": "PENDING", "DECLINED": "DENIED"}


class Refusal(Exception):
    """An error answer in PayPal's shape."""

    def __init__(self, status: int, issue: str, links: list[Json] | None = None) -> None:
        super().__init__(issue)
        names = {404: "RESOURCE_NOT_FOUND", 422: "UNPROCESSABLE_ENTITY"}
        self.status = status
        self.content: Json = {
            "name": names.get(status, "INVALID_REQUEST"),
            "message": "The fake refuses.",
            "debug_id": new_id(),
            "details": [{"issue": issue, "description": f"The fake says {issue}."}],
            "links": links or [],
        }


def new_id() -> str:
    """17 characters, as PayPal's."""
    return "".join(secrets.choice(ALPHABET) for _ in range(17))


def instant() -> str:
    """Now, as PayPal writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Books:
    """Everything the fake knows; `events` are (kind, resource), oldest first."""

    def __init__(self, url: str, vault: "Vault") -> None:
        self.url = url
        self.vault = vault
        self.orders: dict[str, Json] = {}
        self.by_key: dict[str, str] = {}  # PayPal-Request-Id -> order or refund
        self.at_capture: dict[str, str] = {}  # order -> what its capture comes to
        self.events: list[tuple[str, Json]] = []

    def find(self, order_id: str) -> Json:
        """An order, else 404."""
        if order_id not in self.orders:
            raise Refusal(404, "INVALID_RESOURCE_ID")
        return self.orders[order_id]

    def create(self, key: str, body: Json) -> Json:
        """A repeat gets the first order whatever its body."""
        if key in self.by_key:
            return self.find(self.by_key[key])
        unit = body["purchase_units"][0]
        _check_money(unit["amount"])
        order_id = new_id()
        order = {
            "id": order_id,
            "intent": body["intent"],
            "status": "PAYER_ACTION_REQUIRED",
            "payment_source": {"paypal": {}},
            "purchase_units": [{"reference_id": "default", **unit}],
            "create_time": instant(),
            "update_time": instant(),
            "links": [
                {"rel": "self", "href": f"{self.url}/v2/checkout/orders/{order_id}"},
                {"rel": "payer-action", "href": f"{self.url}/checkoutnow?token={order_id}"},
            ],
        }
        vault_id = body.get("payment_source", {}).get("paypal", {}).get("vault_id")
        if vault_id:
            self._charge(order, vault_id)
        self.orders[order_id] = order
        self.by_key[key] = order_id
        return order

    def _charge(self, order: Json, vault_id: str) -> None:
        """A vaulted account is charged as the order is made; a refused one makes none."""
        outcome = self.vault.outcome(vault_id)
        if outcome == "PAYER_ACTION_REQUIRED":
            return  # it waits for a holder who is not there
        if outcome not in CAPTURE_STATES:
            raise Refusal(422, outcome)
        self._take(order, outcome)

    def patch(self, order_id: str, changes: list[Json]) -> None:
        """The two changes the adapter makes."""
        order = self.find(order_id)
        if order["status"] == "COMPLETED":
            raise Refusal(422, "ORDER_ALREADY_COMPLETED")
        for change in changes:
            if change["path"] == "/intent":
                order["intent"] = change["value"]
            elif change["path"] == "/purchase_units/@reference_id=='default'/custom_id":
                order["purchase_units"][0]["custom_id"] = change["value"]
            else:
                raise Refusal(400, "FIELD_NOT_PATCHABLE")

    def approve(self, order_id: str, capture: str) -> None:
        """The holder agrees; `capture` is what a capture comes to: a state or an issue."""
        order = self.find(order_id)
        order["status"] = "APPROVED"
        order["update_time"] = instant()
        self.at_capture[order_id] = capture
        self.events.append(("CHECKOUT.ORDER.APPROVED", order))

    def capture(self, order_id: str) -> Json:
        """Once for each order, whatever the key."""
        order = self.find(order_id)
        if order["intent"] != "CAPTURE":
            raise Refusal(422, "ACTION_DOES_NOT_MATCH_INTENT")
        if order["status"] == "COMPLETED":
            raise Refusal(422, "ORDER_ALREADY_CAPTURED")
        if order["status"] != "APPROVED":
            raise Refusal(422, "ORDER_NOT_APPROVED")
        result = self.at_capture[order_id]
        if result not in CAPTURE_STATES:
            raise Refusal(422, result, [{"rel": "redirect", "href": order["links"][-1]["href"]}])
        self._take(order, result)
        return order

    def _take(self, order: Json, result: str) -> None:
        unit = order["purchase_units"][0]
        capture = {
            "id": new_id(),
            "status": result,
            "amount": unit["amount"],
            "custom_id": unit["custom_id"],
            "invoice_id": unit["invoice_id"],
            "create_time": instant(),
        }
        if result in ("DECLINED", "FAILED"):
            capture["processor_response"] = {"response_code": "5120"}
        order["status"] = "COMPLETED"
        order["links"] = order["links"][:1]
        unit["payments"] = {"captures": [capture], "refunds": []}
        self.events.append((f"PAYMENT.CAPTURE.{EVENTS.get(result, result)}", capture))

    def refund(self, key: str, capture_id: str, body: Json) -> Json:
        """A repeat gets the first refund whatever its body."""
        capture, refunds = self._captured(capture_id)
        return self._refund(key, capture, refunds, body)

    def find_capture(self, capture_id: str) -> Json:
        """A capture, else 404."""
        return self._captured(capture_id)[0]

    def _captured(self, capture_id: str) -> tuple[Json, list[Json]]:
        """(capture, refunds of its order)."""
        for order in self.orders.values():
            payments = order["purchase_units"][0].get("payments", {"captures": []})
            for capture in payments["captures"]:
                if capture["id"] == capture_id:
                    return capture, payments["refunds"]
        raise Refusal(404, "INVALID_RESOURCE_ID")

    def _refund(self, key: str, capture: Json, refunds: list[Json], body: Json) -> Json:
        for refund in refunds:
            if refund["id"] == self.by_key.get(key):
                return refund
        _check_money(body["amount"])
        rest = Decimal(capture["amount"]["value"]) - sum(_value(one) for one in refunds)
        if rest == 0:
            raise Refusal(422, "CAPTURE_FULLY_REFUNDED")
        if Decimal(body["amount"]["value"]) > rest:
            raise Refusal(422, "REFUND_AMOUNT_EXCEEDED")
        refund = {
            "id": new_id(),
            "status": "COMPLETED",
            "amount": body["amount"],
            "custom_id": body["custom_id"],
            "invoice_id": capture["invoice_id"],
            "create_time": instant(),
            "of": capture["id"],
        }
        refunds.append(refund)
        self.by_key[key] = refund["id"]
        whole = _value(refund) == rest
        capture["status"] = "REFUNDED" if whole else "PARTIALLY_REFUNDED"
        self.events.append(("PAYMENT.CAPTURE.REFUNDED", refund))
        return refund

    def transactions(self, start: datetime, end: datetime) -> list[Json]:
        """The money that moved in a span of at most 31 days."""
        if end - start > timedelta(days=31):
            raise Refusal(400, "INVALID_PARAMETER_VALUE")
        rows = []
        for order in self.orders.values():
            payments = order["purchase_units"][0].get("payments", {"captures": [], "refunds": []})
            rows += [_row(one, "T0006", order["id"], "ODR") for one in payments["captures"]]
            rows += [_row(one, "T1107", one["of"], "TXN") for one in payments["refunds"]]
        return [
            {"transaction_info": row}
            for row in rows
            if start <= datetime.fromisoformat(row["transaction_initiation_date"]) <= end
        ]


def _value(refund: Json) -> Decimal:
    return Decimal(refund["amount"]["value"])


def _check_money(amount: Json) -> None:
    currency, value = amount["currency_code"], Decimal(amount["value"])
    if currency not in CURRENCIES:
        raise Refusal(422, "CURRENCY_NOT_SUPPORTED")
    if value <= 0:
        raise Refusal(422, "CANNOT_BE_ZERO_OR_NEGATIVE")
    if currency in WITHOUT_DECIMALS and "." in amount["value"]:
        raise Refusal(422, "DECIMALS_NOT_SUPPORTED")


def _row(one: Json, code: str, reference: str, kind: str) -> Json:
    states = {"PENDING": "P", "DECLINED": "D", "FAILED": "D", "REFUNDED": "V"}
    sign = "-" if code == "T1107" else ""
    return {
        "transaction_id": one["id"],
        "paypal_reference_id": reference,
        "paypal_reference_id_type": kind,
        "transaction_event_code": code,
        "transaction_initiation_date": one["create_time"],
        "transaction_amount": {**one["amount"], "value": sign + one["amount"]["value"]},
        "transaction_status": states.get(one["status"], "S"),
        "invoice_id": one["invoice_id"],
        "custom_field": one["custom_id"],
    }
