"""/control of the fake: what tests make happen.

POST   /control/approve   {"payment_id", "capture"}  the holder agrees; `capture` is what PayPal's
                          capture comes to: COMPLETED, PENDING, DECLINED, or an issue of a 422
POST   /control/settle    {"payment_id", "status"}   a pending capture ends
POST   /control/forget    {"payment_id"}             the order is gone: 404
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
