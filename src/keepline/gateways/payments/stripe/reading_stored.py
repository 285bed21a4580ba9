"""Reads the sessions on which a way to pay is kept; ValueError and its kin: it cannot be read.

session     setup intent                        the port's status
open        any                                 pending
expired     any                                 expired
complete    succeeded                           stored
complete    requires_payment_method, canceled   declined: a slow check failed in the end
complete    any other                           pending: a slow check (a bank's) is under way
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from typing import Final

from keepline.gateways.payments.masking import masked
from keepline.gateways.payments.port import StoredMethod, StoringStatus

from .declines import code_of_error
from .reading import FAILED_FOR_GOOD, Json

# Ways to pay that Stripe counts as cards. The words are those of payments/ways_to_pay.toml.
WALLETS: Final = ("apple_pay", "google_pay")
BRANDS: Final = {
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "jcb": "JCB",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}


def stripe_type(kind: str) -> str:
    """Stripe's type of a method."""
    return "card" if kind in WALLETS else kind


def stripe_types(kinds: Iterable[str]) -> list[str]:
    """Stripe's types of methods, each once."""
    return sorted({stripe_type(kind) for kind in kinds})


def read_storing(session: Json) -> StoringStatus:
    """A session of the mode `setup` with its method expanded."""
    named, status = str(session["id"]), session["status"]
    if status == "open":
        return StoringStatus("pending", named, checkout_url=str(session["url"]))
    if status == "expired":
        return StoringStatus("expired", named)
    if status != "complete":
        raise ValueError(f"status {status}")
    setup = session["setup_intent"]
    if setup["status"] == "succeeded":
        method = _read_method(str(session["customer"]), setup["payment_method"])
        return StoringStatus("stored", named, method=method)
    if setup["status"] in FAILED_FOR_GOOD:
        error = setup["last_setup_error"]
        code = code_of_error(error) if error else str(setup["status"])
        return StoringStatus("declined", named, decline_code=code)
    return StoringStatus("pending", named)


def _read_method(customer: str, method: Json) -> StoredMethod:
    kind = str(method["type"])
    about: Json = method.get(kind) or {}
    expires_on = None
    if kind == "card":  # from a wallet as well: Stripe keeps and charges the card behind it
        year, month = int(about["exp_year"]), int(about["exp_month"])
        expires_on = date(year, month, monthrange(year, month)[1])
    return StoredMethod(customer, str(method["id"]), kind, _label(method), expires_on)


def _label(method: Json) -> str:
    """What the holder knows it by: a name and the last four digits, or part of an address."""
    kind = str(method["type"])
    about: Json = method.get(kind) or {}
    brand = str(about.get("brand", ""))
    name = BRANDS.get(brand) or (brand or kind).replace("_", " ").title()
    name = "PayPal" if kind == "paypal" else name
    email = str(about.get("payer_email") or about.get("email") or "")
    return " ".join(filter(None, (name, str(about.get("last4") or ""), masked(email))))[:80]
