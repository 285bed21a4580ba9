"""What FakeStripe's sessions, intents, charges and refunds do, in Stripe's shapes."""

import secrets
import time
from typing import Any, Final

from .store import Json, Store

FOR_THE_SELLER: Final = ("won", "warning_closed")  # what a dispute ends in that took no money


class Refused(Exception):
    """A wrong call: HTTP status and Stripe's error object."""

    def __init__(self, status: int, message: str, **error: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": "invalid_request_error", "message": message, **error}}


def new(kind: str, prefix: str, **content: Any) -> Json:
    """A fresh object."""
    name = f"{prefix}_{secrets.token_hex(12)}"
    return {"id": name, "object": kind, "created": int(time.time()), "livemode": False, **content}


def found(store: Store, object_id: str, kind: str) -> Json:
    """The object, or Stripe's 404."""
    item = store.get(object_id)
    if item is None or item["object"] != kind:
        raise Refused(404, f"No such {kind}: '{object_id}'", code="resource_missing")
    return item


def open_session(store: Store, call: Json, page: str) -> Json:
    """A Checkout Session of one line."""
    try:
        price = call["line_items"]["0"]["price_data"]
        amount, currency = int(price["unit_amount"]), str(price["currency"])
        success_url, name = call["success_url"], price["product_data"]["name"]
    except (KeyError, ValueError) as missing:
        raise Refused(400, f"Missing required param: {missing}.", param=str(missing)) from None
    if call.get("mode") != "payment" or not success_url or not name or amount <= 0:
        raise Refused(400, "Invalid call", code="parameter_invalid")
    session = new(
        "checkout.session",
        "cs_test",
        allowed_payment_method_types=list(call.get("allowed_payment_method_types", {}).values()),
        amount_total=amount,
        cancel_url=call.get("cancel_url"),
        client_reference_id=call.get("client_reference_id"),
        currency=currency,
        intent_metadata=call.get("payment_intent_data", {}).get("metadata", {}),
        locale=call.get("locale"),
        metadata=call.get("metadata", {}),
        mode="payment",
        payment_intent=None,
        payment_status="unpaid",
        status="open",
        success_url=success_url,
    )
    return store.put(session | {"url": f"{page}/c/pay/{session['id']}"})


def intent_of(store: Store, session: Json) -> Json:
    """The session's intent; Stripe makes it when the holder first tries to pay."""
    if session["payment_intent"]:
        return found(store, session["payment_intent"], "payment_intent")
    intent = new(
        "payment_intent",
        "pi",
        amount=session["amount_total"],
        amount_received=0,
        currency=session["currency"],
        last_payment_error=None,
        latest_charge=None,
        metadata=session["intent_metadata"],
        status="requires_payment_method",
    )
    store.put(session | {"payment_intent": intent["id"]})
    return store.put(intent)


def capture(store: Store, session: Json) -> Json:
    """The money comes: the intent succeeds with a charge, the session is complete and paid."""
    intent = charged(store, intent_of(store, session))
    ended = {"payment_intent": intent["id"], "status": "complete", "payment_status": "paid"}
    return store.put(session | ended | {"url": None})


def charged(store: Store, intent: Json) -> Json:
    """The intent with a charge that took its money."""
    charge = new(
        "charge",
        "ch",
        amount=intent["amount"],
        currency=intent["currency"],
        disputed=False,
        metadata=intent["metadata"],
        payment_intent=intent["id"],
    )
    store.put(charge)
    changed = {"latest_charge": charge["id"], "last_payment_error": None, "status": "succeeded"}
    return store.put(intent | changed | {"amount_received": intent["amount"]})


def attempt(store: Store, session: Json, status: str, error: Json | None) -> Json:
    """A try that brings no money (yet): the intent in `status`."""
    intent = intent_of(store, session)
    store.put(intent | {"status": status, "last_payment_error": error})
    return found(store, session["id"], "checkout.session")


def expire(store: Store, session: Json) -> Json:
    """Closes an open session and its intent."""
    if session["status"] != "open":
        raise Refused(
            400,
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session['status']}`.",
        )
    if session["payment_intent"]:
        intent = found(store, session["payment_intent"], "payment_intent")
        store.put(intent | {"status": "canceled"})
    return store.put(session | {"status": "expired", "url": None})


def refunds_of(store: Store, charge_id: str) -> list[Json]:
    """A charge's refunds, newest first."""
    return [row for row in store.newest("refund") if row["charge"] == charge_id]


def refund(store: Store, call: Json, status: str) -> Json:
    """Money back from an intent, never more than it took."""
    intent = found(store, str(call.get("payment_intent")), "payment_intent")
    if not intent["latest_charge"]:
        raise Refused(400, "This PaymentIntent does not have a successful charge to refund.")
    gone = ("failed", "canceled")
    rows = refunds_of(store, intent["latest_charge"])
    left = intent["amount_received"] - sum(r["amount"] for r in rows if r["status"] not in gone)
    amount = int(call.get("amount", left))
    if left == 0:
        raise Refused(400, "Charge has already been refunded.", code="charge_already_refunded")
    if any(
        row["charge"] == intent["latest_charge"] and row["status"] not in FOR_THE_SELLER
        for row in store.newest("dispute")
    ):
        raise Refused(400, "This charge has been charged back.", code="charge_disputed")
    if amount > left:  # Stripe names the parameter and no code
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise Refused(400, message, param="amount")
    return store.put(
        new(
            "refund",
            "re",
            amount=amount,
            charge=intent["latest_charge"],
            currency=intent["currency"],
            metadata=call.get("metadata", {}),
            payment_intent=intent["id"],
            status=status,
        )
    )


def expanded(store: Store, item: Json, paths: list[str]) -> Json:
    """The object with what `paths` ask for in the places of the ids."""
    shown = {name: value for name, value in item.items() if name != "intent_metadata"}
    for name in {path.partition(".")[0] for path in paths if path}:
        deeper = [path.partition(".")[2] for path in paths if path.partition(".")[0] == name]
        if name == "refunds":
            shown[name] = page_of(refunds_of(store, item["id"]), 10, "")
        elif shown.get(name):
            inner = store.get(shown[name])
            shown[name] = expanded(store, inner, deeper) if inner else None
    return shown


def page_of(rows: list[Json], limit: int, after: str) -> Json:
    """A Stripe list."""
    names = [row["id"] for row in rows]
    start = names.index(after) + 1 if after in names else 0
    rest = rows[start:]
    return {"object": "list", "data": rest[:limit], "has_more": len(rest) > limit, "url": "/v1"}
