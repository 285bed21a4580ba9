"""/control of the fake: what tests make happen.

POST   /control/approve   {"payment_id", "capture"}  the holder agrees; `capture` is what PayPal's
                          capture comes to: COMPLETED, PENDING, DECLINED, or an issue of a 422
POST   /control/keep      {"storing_id", "account"}    the holder lets an account be kept; its name
                          says how charges go: vault.py
POST   /control/lapse     {"storing_id"}             the setup token is gone: 404
POST   /control/dispute   {"payment_id", "names_us"} the payer complains about the whole capture
POST   /control/decide    {"dispute_id", "outcome_code"}   the dispute is resolved
POST   /control/settle    {"payment_id", "status"}   a pending capture ends
POST   /control/forget    {"payment_id"}             the order is gone: 404
POST   /control/forget_keys {}                      as PayPal does with PayPal-Request-Ids
POST   /control/expire    {}                         no access token is valid any more
POST   /control/fault     {"path", "method", "do", "status", "text", "seconds"}   the next call
                          whose path ends so: `do` is answer (with status and text, nothing done),
                          lose (done, then 504) or hang (nothing done for so many seconds)
POST   /control/heal      {}                         faults that still wait are forgotten
GET    /control/order     ?payment_id=                the order
GET    /control/webhooks  ?payment_id=                events so far: kind, headers, body
"""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .books import Refusal

if TYPE_CHECKING:
    from .app import Fake

Json = dict[str, Any]


async def order(request: Request) -> Response:
    """See above."""
    return JSONResponse(order_of(request.app.state.fake, request.query_params["payment_id"]))


async def approve(request: Request) -> Response:
    """See above."""
    fake, body = request.app.state.fake, await request.json()
    fake.books.approve(order_of(fake, body["payment_id"])["id"], body["capture"])
    fake.publish()
    return JSONResponse({})


async def keep(request: Request) -> Response:
    """See above."""
    fake, body = request.app.state.fake, await request.json()
    fake.vault.approve(body["storing_id"], body["account"])
    return JSONResponse({})


async def lapse(request: Request) -> Response:
    """See above."""
    fake, body = request.app.state.fake, await request.json()
    del fake.vault.setups[fake.vault.setup_of(body["storing_id"])["id"]]
    return JSONResponse({})


async def dispute(request: Request) -> Response:
    """See above."""
    fake, body = request.app.state.fake, await request.json()
    unit = order_of(fake, body["payment_id"])["purchase_units"][0]
    row = fake.disputes.open(unit["payments"]["captures"][0], names_us=body["names_us"])
    fake.publish()
    return JSONResponse(row)


async def decide(request: Request) -> Response:
    """See above."""
    fake, body = request.app.state.fake, await request.json()
    fake.disputes.decide(body["dispute_id"], body["outcome_code"])
    fake.publish()
    return JSONResponse({})


async def settle(request: Request) -> Response:
    """See above."""
    fake, body = request.app.state.fake, await request.json()
    unit = order_of(fake, body["payment_id"])["purchase_units"][0]
    unit["payments"]["captures"][0]["status"] = body["status"]
    return JSONResponse({})


async def forget(request: Request) -> Response:
    """See above."""
    fake, body = request.app.state.fake, await request.json()
    del fake.books.orders[order_of(fake, body["payment_id"])["id"]]
    return JSONResponse({})


async def forget_keys(request: Request) -> Response:
    """See above."""
    fake = request.app.state.fake
    fake.books.by_key.clear()
    fake.vault.by_key.clear()
    return JSONResponse({})


async def expire(request: Request) -> Response:
    """See above."""
    request.app.state.fake.tokens.clear()
    return JSONResponse({})


async def fault(request: Request) -> Response:
    """See above."""
    request.app.state.fake.faults.append(await request.json())
    return JSONResponse({})


async def heal(request: Request) -> Response:
    """See above."""
    request.app.state.fake.faults.clear()
    return JSONResponse({})


async def webhooks(request: Request) -> Response:
    """See above."""
    wanted = request.query_params["payment_id"]
    sent = request.app.state.fake.sent
    return JSONResponse([one for one in sent if wanted in one["body"]])


def order_of(fake: "Fake", payment_id: str) -> Json:
    """The order of one of the seller's payments."""
    for one in fake.books.orders.values():
        if one["purchase_units"][0]["custom_id"].startswith(payment_id):
            return one
    raise Refusal(404, "INVALID_RESOURCE_ID")
