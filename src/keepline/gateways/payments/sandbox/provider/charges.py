"""Payments by a kept method, the payer being away: captured or declined at once, and for good."""

import json
import secrets
from datetime import date

from .behaviour import merged
from .books import Books, Payment
from .cards import CARDS
from .crash import CHARGE_STORED, crash_point
from .deliveries import store_event
from .magic import magic_behaviour
from .methods import Method, find_method, today
from .requests import ChargeBody, RequestRefused
from .store import transaction


def charge(books: Books, body: ChargeBody) -> Payment:
    """The payment of this key: the one that exists, or a new one.

    Raises RequestRefused: 404 when the customer never had such a method, 422 for another body
    under the key.
    """
    method = find_method(books, body.method)
    if method is None or method["customer"] != body.customer:
        raise RequestRefused(404, "method_not_found", "the customer has no such method")
    known = books.find(body.payment_id)
    if known is None:
        known = _insert(books, body, _refusal(books, body, method))
        books.on_event()
        crash_point(CHARGE_STORED)
    if known["request"] != body.canonical:
        raise RequestRefused(422, "key_reused", "this key came before with another body")
    return known


def _refusal(books: Books, body: ChargeBody, method: Method) -> str:
    """The code of a decline; "" when the money is taken."""
    if method["forgotten_at"] is not None:
        return "method_forgotten"
    if date.fromisoformat(method["expires_on"]) < today(books):
        return "expired_card"
    if CARDS[method["card"]].decline:
        return CARDS[method["card"]].decline
    behaviour = merged(books.global_behaviour(), magic_behaviour(body.amount_minor))
    if behaviour.approval:  # nobody is there to approve
        return "authentication_required"
    return behaviour.decline or ("card_declined" if books.take_decline() else "")


def _insert(books: Books, body: ChargeBody, code: str) -> Payment:
    """One transaction from nothing to the end: no kill leaves a charge half-way."""
    now = books.settings.clock()
    status = "declined" if code else "captured"
    with transaction(books.store):
        books.store.execute(
            "INSERT INTO payments (id, payment_id, order_id, request, amount_minor, currency,"
            " description, seller, language, return_url, cancel_url, metadata, status,"
            " captured_minor, decline_code, opened_at, expires_at, closed_at)"
            " VALUES (?,?,?,?,?,?,?,?,'','','',?,?,?,?,?,?,?)",
            (
                f"sbx_{secrets.token_hex(12)}",
                body.payment_id,
                body.order_id,
                body.canonical,
                body.amount_minor,
                body.currency,
                body.description,
                body.metadata.get("seller", books.settings.seller),
                json.dumps(body.metadata),
                status,
                0 if code else body.amount_minor,
                code,
                now,
                now,
                now,
            ),
        )
        payment = books.find(body.payment_id)
        assert payment is not None
        store_event(books, payment, f"payment.{status}")
    return payment
