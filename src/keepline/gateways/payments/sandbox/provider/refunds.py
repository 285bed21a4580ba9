"""Refunds: stored once by the seller's id, settled at once or later, never above the capture."""

import sqlite3

from .books import Books, Payment
from .crash import REFUND_STORED, crash_point
from .deliveries import store_event
from .disputes import taken_back
from .requests import RefundBody, RequestRefused
from .store import transaction

Refund = sqlite3.Row


def refunds_of(books: Books, payment: Payment) -> list[Refund]:
    """All refunds of a payment, oldest first."""
    return books.store.execute(
        "SELECT * FROM refunds WHERE provider_id = ? ORDER BY created_at, refund_id",
        (payment["id"],),
    ).fetchall()


def refund(books: Books, body: RefundBody) -> Refund:
    """The refund of this key: the one that exists, or a new one.

    Raises RequestRefused: 404 no such payment, 422 other body under the key or other currency,
    409 when a dispute has the money; then nothing is kept, and the key works once it has come back.
    """
    payment = books.find(body.payment_id)
    if payment is None:
        raise RequestRefused(404, "payment_not_found", "there is no such payment")
    known = _find(books, body.refund_id)
    if known is None:
        if body.currency != payment["currency"]:
            raise RequestRefused(422, "currency_differs", "the payment has another currency")
        if _is_disputed(books, payment, body):
            raise RequestRefused(409, "disputed", "a dispute has the money")
        known = _insert(books, payment, body)
        books.on_event()
        crash_point(REFUND_STORED)
    if known["request"] != body.canonical:
        raise RequestRefused(422, "key_reused", "this key came before with another body")
    return known


def settle_due(books: Books) -> None:
    """Ends the refunds whose waiting time is over."""
    due = books.store.execute(
        "SELECT refund_id FROM refunds WHERE status = 'pending' AND settles_at <= ? LIMIT 500",
        (books.settings.clock(),),
    ).fetchall()
    for row in due:
        with transaction(books.store):
            _succeed(books, row["refund_id"])
        books.on_event()


def _find(books: Books, refund_id: str) -> Refund | None:
    row: Refund | None = books.store.execute(
        "SELECT * FROM refunds WHERE refund_id = ?", (refund_id,)
    ).fetchone()
    return row


def _insert(books: Books, payment: Payment, body: RefundBody) -> Refund:
    behaviour = books.behaviour(payment)
    now = books.settings.clock()
    code = _refusal(books, payment, body)
    if not code and behaviour.refund == "refused":
        code = "refund_refused"
    with transaction(books.store):
        books.store.execute(
            "INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                body.refund_id,
                payment["id"],
                body.canonical,
                body.amount_minor,
                "refused" if code else "pending",
                code,
                now,
                None if code else now + int(behaviour.seconds("refund") * 1000),
            ),
        )
        if code:
            store_event(books, payment, "refund.refused", refund_id=body.refund_id)
        elif not behaviour.seconds("refund"):
            _succeed(books, body.refund_id)
    row = _find(books, body.refund_id)
    assert row is not None
    return row


def _refusal(books: Books, payment: Payment, body: RefundBody) -> str:
    """Why the books forbid it; pending refunds count as given."""
    if payment["status"] != "captured":
        return "not_captured"
    return "exceeds_captured" if body.amount_minor > _left(books, payment) else ""


def _is_disputed(books: Books, payment: Payment, body: RefundBody) -> bool:
    left, taken = _left(books, payment), taken_back(books, payment)
    return left >= body.amount_minor > left - taken


def _left(books: Books, payment: Payment) -> int:
    given = (
        row["amount_minor"] for row in refunds_of(books, payment) if row["status"] != "refused"
    )
    left: int = payment["captured_minor"] - sum(given)
    return left


def _succeed(books: Books, refund_id: str) -> None:
    row = _find(books, refund_id)
    assert row is not None
    books.store.execute(
        "UPDATE refunds SET status = 'refunded', settles_at = NULL WHERE refund_id = ?",
        (refund_id,),
    )
    books.store.execute(
        "UPDATE payments SET refunded_minor = refunded_minor + ? WHERE id = ?",
        (row["amount_minor"], row["provider_id"]),
    )
    payment = books.find(row["provider_id"])
    assert payment is not None
    store_event(books, payment, "refund.succeeded", refund_id=refund_id)
