"""What FakeStripe keeps for later: customers, setups, methods, charges without the holder."""

from typing import Any, Final

from .objects import Refused, charged, found, new
from .store import Json, Store

# How a charge of a kept card goes, by the card's last four digits, as Stripe's test cards do.
# https://docs.stripe.com/testing
DECLINES: Final[dict[str, tuple[str, str]]] = {  # (code, decline_code)
    "9995": ("card_declined", "insufficient_funds"),
    "9979": ("card_declined", "stolen_card"),
    "3184": ("authentication_required", "authentication_required"),
}


class CardDeclined(Refused):
    """Stripe's 402: the intent stands, the money does not come."""

    def __init__(self, intent: Json) -> None:
        super().__init__(402, **intent["last_payment_error"], payment_intent=intent)


def open_setup(store: Store, call: Json, page: str) -> Json:
    """A Checkout Session of the mode `setup`."""
    customer = found(store, str(call.get("customer")), "customer")
    if not call.get("currency") or not call.get("success_url"):
        raise Refused(400, "Missing required param.", param="currency")
    setup = new(
        "setup_intent",
        "seti",
        customer=customer["id"],
        last_setup_error=None,
        payment_method=None,
        status="requires_payment_method",
    )
    store.put(setup)
    session = new(
        "checkout.session",
        "cs_test",
        allowed_payment_method_types=list(call.get("allowed_payment_method_types", {}).values()),
        amount_total=None,
        cancel_url=call.get("cancel_url"),
        client_reference_id=call.get("client_reference_id"),
        currency=call["currency"],
        customer=customer["id"],
        locale=call.get("locale"),
        metadata=call.get("metadata", {}),
        mode="setup",
        payment_intent=None,
        payment_status="no_payment_required",
        setup_intent=setup["id"],
        status="open",
        success_url=call["success_url"],
    )
    return store.put(session | {"url": f"{page}/c/pay/{session['id']}"})


def keep(store: Store, session: Json, last4: str) -> Json:
    """The holder gives a card."""
    setup = found(store, session["setup_intent"], "setup_intent")
    card = {"brand": "visa", "exp_month": 11, "exp_year": 2034, "last4": last4, "wallet": None}
    method = new("payment_method", "pm", card=card, customer=setup["customer"], type="card")
    store.put(method)
    store.put(setup | {"status": "succeeded", "payment_method": method["id"]})
    return store.put(session | {"status": "complete", "url": None})


def fail_setup(store: Store, session: Json, code: str) -> Json:
    """A slow check of what the holder gave fails in the end."""
    setup = found(store, session["setup_intent"], "setup_intent")
    error = {"type": "card_error", "code": code, "message": "Declined (on demand)."}
    store.put(setup | {"last_setup_error": error})
    return store.put(session | {"status": "complete", "url": None})


def charge(store: Store, call: Json) -> Json:
    """POST /v1/payment_intents with confirm and off_session: the only way the adapter makes one."""
    if call.get("confirm") != "true" or call.get("off_session") != "true":
        raise Refused(400, "FakeStripe makes charges without the holder only.")
    customer = found(store, str(call.get("customer")), "customer")
    method = store.get(str(call.get("payment_method")))
    if method is None:
        raise Refused(404, "No such PaymentMethod", code="resource_missing", param="payment_method")
    if method["customer"] != customer["id"]:
        message = "The customer does not have a payment method with that ID."
        raise Refused(400, message, param="payment_method")
    if method["type"] not in call.get("allowed_payment_method_types", {}).values():
        raise Refused(
            400, "The method is not of those types.", param="allowed_payment_method_types"
        )
    amount = int(call.get("amount", 0))
    if amount <= 0:
        raise Refused(400, "Invalid positive integer", param="amount")
    intent = new(
        "payment_intent",
        "pi",
        amount=amount,
        amount_received=0,
        currency=str(call["currency"]),
        customer=customer["id"],
        last_payment_error=None,
        latest_charge=None,
        metadata=call.get("metadata", {}),
        status="requires_payment_method",
    )
    last4 = method["card"]["last4"]
    if last4 not in DECLINES:
        return charged(store, intent)
    code, decline_code = DECLINES[last4]
    error: dict[str, Any] = {"type": "card_error", "code": code, "decline_code": decline_code}
    error["message"] = "Your card was declined (on demand)."
    raise CardDeclined(store.put(intent | {"last_payment_error": error}))


def detach(store: Store, method: Json) -> Json:
    """What is detached is never attached again."""
    if method["customer"] is None:
        raise Refused(400, "The payment method you provided is not attached to a customer.")
    return store.put(method | {"customer": None})


def searched(store: Store, query: str) -> list[Json]:
    """Intents whose metadata has all of `metadata['a']:'b' AND metadata['c']:'d'`."""
    wanted = {}
    for part in query.split(" AND "):
        name, value = part.removeprefix("metadata['").removesuffix("'").split("']:'")
        wanted[name] = value
    intents = store.newest("payment_intent")
    return [one for one in intents if wanted.items() <= one["metadata"].items()]
