"""Disputes: a captured payment's money is taken back, until the bank decides for one or other."""

import secrets
import sqlite3
from typing import Final

from .books import Books, Payment
from .crash import DISPUTE_STORED, crash_point
from .deliveries import store_event
from .requests import RequestRefused
from .store import transaction

Dispute = sqlite3.Row
ANSWER_MS: Final = 7 * 24 * 3600 * 1000  # how long evidence is awaited
OUTCOMES: Final = ("won", "lost")  # as the seller sees it


def disputes_of(books: Books, payment: Payment) -> list[Dispute]:
    """All disputes of a payment, oldest first."""
    return books.store.execute(
        "SELECT * FROM disputes WHERE provider_id = ? ORDER BY opened_at, id", (payment["id"],)
    ).fetchall()


def taken_back(books: Books, payment: Payment) -> int:
    """What disputes hold or took, in minor units."""
    rows = disputes_of(books, payment)
    return sum(row["amount_minor"] for row in rows if row["status"] != "won")


def open_dispute(books: Books, payment: Payment, amount_minor: int | None, reason: str) -> Dispute:
    """The payer's bank asks for the money; by default for all that is still with the seller.

    Raises RequestRefused 409 when so much is not there.
    """
    left = payment["captured_minor"] - payment["refunded_minor"] - taken_back(books, payment)
    asked = left if amount_minor is None else amount_minor
    if not 0 < asked <= left:
        raise RequestRefused(409, "exceeds_captured", f"there are {left} to take back")
    dispute_id, now = f"dsp_{secrets.token_hex(12)}", books.settings.clock()
    with transaction(books.store):
        books.store.execute(
            "INSERT INTO disputes (id, provider_id, amount_minor, reason, evidence_until,"
            " opened_at) VALUES (?, ?, ?, ?, ?, ?)",
            (dispute_id, payment["id"], asked, reason, now + ANSWER_MS, now),
        )
        store_event(books, payment, "dispute.opened", dispute_id=dispute_id)
    books.on_event()
    crash_point(DISPUTE_STORED)
    return find(books, dispute_id)


def close(books: Books, dispute: Dispute, outcome: str) -> Dispute:
    """The bank decides. Raises RequestRefused: 422 no such outcome, 409 decided before."""
    if outcome not in OUTCOMES:
        raise RequestRefused(422, "invalid_request", f"outcome: {' or '.join(OUTCOMES)}")
    payment = books.find(dispute["provider_id"])
    assert payment is not None
    with transaction(books.store):
        changed = books.store.execute(
            "UPDATE disputes SET status = ? WHERE id = ? AND status = 'open'",
            (outcome, dispute["id"]),
        ).rowcount
        if changed:
            store_event(books, payment, "dispute.closed", dispute_id=dispute["id"])
    if not changed:
        raise RequestRefused(409, "already_closed", f"the dispute is {dispute['status']}")
    books.on_event()
    return find(books, dispute["id"])


def answer(books: Books, dispute: Dispute, evidence: str) -> Dispute:
    """Takes evidence, once; the same text again is no second one. Raises RequestRefused 409."""
    if dispute["evidence"] is None and dispute["status"] != "open":
        raise RequestRefused(409, "already_closed", f"the dispute is {dispute['status']}")
    if dispute["evidence"] not in (None, evidence):
        raise RequestRefused(409, "answered_before", "evidence is taken once")
    books.store.execute("UPDATE disputes SET evidence = ? WHERE id = ?", (evidence, dispute["id"]))
    return find(books, dispute["id"])


def find(books: Books, dispute_id: str) -> Dispute:
    """A dispute by its id, else RequestRefused 404."""
    row: Dispute | None = books.store.execute(
        "SELECT * FROM disputes WHERE id = ?", (dispute_id,)
    ).fetchone()
    if row is None:
        raise RequestRefused(404, "dispute_not_found", "there is no such dispute")
    return row
