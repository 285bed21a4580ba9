"""/v1: what the seller's system calls, with `Authorization: Bearer <api key>`.

POST /v1/payments                     Idempotency-Key = the seller's payment id
GET  /v1/payments/{id}                the provider's id or the seller's
GET  /v1/payments?payment_id=         zero or one
GET  /v1/payments?from=&to=&after=    opened in [from, to), ISO 8601; pages of 200
POST /v1/payments/{id}/cancel         closes an unpaid checkout, answers what is true then
POST /v1/payments/{id}/simulate       {"outcome": captured | declined | expired | paid}
POST /v1/refunds                      Idempotency-Key = the seller's refund id
"""

import json
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .books import Books, Payment
from .disputes import Dispute, disputes_of
from .faults import answered
from .refunds import Refund, refund, refunds_of
from .requests import RequestRefused, open_body, parsed_json, refund_body

PAGE = 200


def _instant(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat()


def shown_refund(row: Refund) -> dict[str, Any]:
    """A refund as JSON."""
    names = ("refund_id", "status", "amount_minor", "code")
    return {name: row[name] for name in names} | {"created_at": _instant(row["created_at"])}


def shown_dispute(row: Dispute) -> dict[str, Any]:
    """A dispute as JSON."""
    return {name: row[name] for name in ("id", "status", "amount_minor", "reason")} | {
        "evidence_until": _instant(row["evidence_until"]),
        "answered": row["evidence"] is not None,
    }


def shown_payment(books: Books, payment: Payment) -> dict[str, Any]:
    """A payment as JSON, with its refunds and disputes."""
    names = ("id", "payment_id", "order_id", "status", "amount_minor", "currency")
    more = ("captured_minor", "refunded_minor", "decline_code", "description")
    return {name: payment[name] for name in names + more} | {
        "checkout_url": f"{books.settings.public_url}/checkout/{payment['id']}",
        "metadata": json.loads(payment["metadata"]),
        "opened_at": _instant(payment["opened_at"]),
        "expires_at": _instant(payment["expires_at"]),
        "refunds": [shown_refund(row) for row in refunds_of(books, payment)],
        "disputes": [shown_dispute(row) for row in disputes_of(books, payment)],
    }


def books_of(request: Request) -> Books:
    books: Books = request.app.state.books
    return books


def _payment(request: Request) -> Payment:
    payment = books_of(request).find(request.path_params["payment"])
    if payment is None:
        raise RequestRefused(404, "payment_not_found", "there is no such payment")
    return payment


async def open_payment(request: Request) -> Response:
    """Opens a payment, or shows the one this key opened before."""
    books = books_of(request)
    body = open_body(request.headers.get("idempotency-key"), parsed_json(await request.body()))
    known = books.find(body.payment_id)

    def act() -> Response:
        payment = books.open(body)
        return JSONResponse(shown_payment(books, payment), 200 if known else 201)

    return await answered(books, "open", known, act)


async def get_payment(request: Request) -> Response:
    """One payment."""
    books, payment = books_of(request), _payment(request)

    def act() -> Response:
        return JSONResponse(shown_payment(books, _payment(request)))

    return await answered(books, "ask", payment, act)


async def list_payments(request: Request) -> Response:
    """By the seller's payment id, or by time of opening."""
    books, query = books_of(request), request.query_params
    wanted = query.get("payment_id")
    if wanted is not None:
        payment = books.find(wanted)
        rows = [payment] if payment is not None and payment["payment_id"] == wanted else []
        return await answered(books, "ask", payment, lambda: _page(books, rows, len(rows) + 1))
    from_ms, until_ms = _unix_ms(query.get("from"), 0), _unix_ms(query.get("to"), 2**62)
    after = query.get("after", "")
    if after and not after.partition(":")[0].isdigit():
        raise RequestRefused(400, "invalid_request", "after is not one of our cursors")
    return await answered(
        books,
        "list",
        None,
        lambda: _page(books, books.listed(from_ms, until_ms, after, PAGE), PAGE),
    )


def _page(books: Books, rows: list[Payment], full: int) -> Response:
    last = rows[-1] if len(rows) == full else None
    return JSONResponse(
        {
            "payments": [shown_payment(books, row) for row in rows],
            "next": f"{last['opened_at']}:{last['id']}" if last is not None else None,
        }
    )


def _unix_ms(value: str | None, default: int) -> int:
    if not value:
        return default
    try:
        instant = datetime.fromisoformat(value.replace(" ", "+"))  # an unescaped + arrives as space
    except ValueError:
        raise RequestRefused(400, "invalid_request", "from and to are ISO 8601 instants") from None
    if instant.tzinfo is None:
        raise RequestRefused(400, "invalid_request", "from and to need an offset")
    return int(instant.timestamp() * 1000)


async def cancel_payment(request: Request) -> Response:
    """Closes an unpaid checkout; a payment that has ended is shown as it is."""
    books, payment = books_of(request), _payment(request)

    def act() -> Response:
        return JSONResponse(shown_payment(books, books.expire(_payment(request))))

    return await answered(books, "cancel", payment, act)


async def simulate(request: Request) -> Response:
    """Does what the payer would do, for tests without a browser."""
    books, payment = books_of(request), _payment(request)
    content = parsed_json(await request.body())
    outcome = content.get("outcome")

    def act() -> Response:
        after = _simulated(books, _payment(request), outcome, content)
        if outcome != "paid" and after["status"] != outcome:
            raise RequestRefused(409, "already_ended", f"the payment is {after['status']}")
        return JSONResponse(shown_payment(books, after))

    return await answered(books, "simulate", payment, act)


def _simulated(books: Books, payment: Payment, outcome: Any, content: dict[str, Any]) -> Payment:
    if outcome == "paid":  # as the button does: ordered declines apply
        return books.pay(payment)
    if outcome == "captured":
        return books.capture(payment)
    if outcome == "declined":
        return books.decline(payment, str(content.get("decline_code", "card_declined"))[:40])
    if outcome == "expired":
        return books.expire(payment)
    raise RequestRefused(422, "invalid_request", "outcome: captured, declined, expired or paid")


async def create_refund(request: Request) -> Response:
    """Gives money back, or shows what this key did before."""
    books = books_of(request)
    body = refund_body(request.headers.get("idempotency-key"), parsed_json(await request.body()))
    return await answered(
        books,
        "refund",
        books.find(body.payment_id),
        lambda: JSONResponse(shown_refund(refund(books, body))),
    )
