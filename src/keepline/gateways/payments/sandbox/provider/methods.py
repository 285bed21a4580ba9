"""Ways to pay that are kept: the page's storing ends once, with the method in one transaction."""

import secrets
import sqlite3
from datetime import UTC, date, datetime

from .books import Books
from .cards import CARDS, last_day
from .crash import METHOD_STORED, crash_point
from .requests import RequestRefused, StoringBody
from .store import transaction

Storing = sqlite3.Row
Method = sqlite3.Row


def find_storing(books: Books, reference: str) -> Storing | None:
    """A storing by the provider's id or by the seller's."""
    row: Storing | None = books.store.execute(
        "SELECT * FROM storings WHERE id = ?1 OR storing_id = ?1", (reference,)
    ).fetchone()
    return row


def find_method(books: Books, method: str) -> Method | None:
    """A method by its id, forgotten ones too."""
    row: Method | None = books.store.execute(
        "SELECT * FROM methods WHERE id = ?", (method,)
    ).fetchone()
    return row


def open_storing(books: Books, body: StoringBody) -> Storing:
    """The storing of this key: the one that exists, or a new one.

    Raises RequestRefused 422 when the key came before with another body.
    """
    known = find_storing(books, body.storing_id)
    if known is None:
        now = books.settings.clock()
        books.store.execute(
            "INSERT INTO storings (id, storing_id, customer, request, seller, language,"
            " return_url, cancel_url, opened_at, expires_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                f"sto_{secrets.token_hex(12)}",
                body.storing_id,
                body.customer,
                body.canonical,
                books.settings.seller,
                body.language,
                body.return_url,
                body.cancel_url,
                now,
                now + books.behaviour().checkout_seconds * 1000,
            ),
        )
        known = _again(books, body.storing_id)
    if known["request"] != body.canonical:
        raise RequestRefused(422, "key_reused", "this key came before with another body")
    return known


def keep(books: Books, storing: Storing, card: str) -> Storing:
    """The payer lets this card be kept; KeyError when there is no such card."""
    months = CARDS[card].months
    if storing["expires_at"] <= books.settings.clock():
        return end(books, storing, "expired")
    method = f"mth_{secrets.token_hex(12)}"
    with transaction(books.store):
        books.store.execute(
            "INSERT INTO methods (id, customer, card, expires_on) VALUES (?, ?, ?, ?)",
            (method, storing["customer"], card, last_day(today(books), months).isoformat()),
        )
        changed = books.store.execute(
            "UPDATE storings SET status = 'stored', method = ? WHERE id = ? AND status = 'pending'",
            (method, storing["id"]),
        ).rowcount
        if not changed:  # it ended before, maybe with another method
            books.store.execute("DELETE FROM methods WHERE id = ?", (method,))
    if changed:
        crash_point(METHOD_STORED)
    return _again(books, storing["id"])


def end(books: Books, storing: Storing, status: str, code: str = "") -> Storing:
    """Ends a pending storing without a method; one that has ended stays as it is."""
    books.store.execute(
        "UPDATE storings SET status = ?, decline_code = ? WHERE id = ? AND status = 'pending'",
        (status, code, storing["id"]),
    )
    return _again(books, storing["id"])


def end_due(books: Books) -> None:
    """Closes every page whose time is over."""
    books.store.execute(
        "UPDATE storings SET status = 'expired' WHERE status = 'pending' AND expires_at <= ?",
        (books.settings.clock(),),
    )


def forget(books: Books, method: Method) -> None:
    """No charge of it works any more."""
    books.store.execute(
        "UPDATE methods SET forgotten_at = ? WHERE id = ? AND forgotten_at IS NULL",
        (books.settings.clock(), method["id"]),
    )


def today(books: Books) -> date:
    """The provider's date, UTC."""
    return datetime.fromtimestamp(books.settings.clock() / 1000, UTC).date()


def _again(books: Books, reference: str) -> Storing:
    row = find_storing(books, reference)
    assert row is not None
    return row
