"""Carries out the `api` behaviour around a call of the seller's."""

import asyncio
import json
from collections.abc import Callable

from starlette.responses import JSONResponse, Response

from keepline.gateways.payments.cut_connection import CutConnection

from .books import Books, Payment

HANG_S = 600


async def answered(
    books: Books, call: str, payment: Payment | None, act: Callable[[], Response]
) -> Response:
    """What `act` answers, or what the behaviour in force makes of it."""
    behaviour = books.behaviour(payment)
    if behaviour.api == "normal" or behaviour.api_on not in ("any", call):
        return act()
    _count_down(books, payment)
    if behaviour.api == "error_500":
        error = {"code": "internal", "message": "Something went wrong (on demand)."}
        return JSONResponse({"error": error}, 500)
    if behaviour.api == "hang":
        await asyncio.sleep(HANG_S)
        return CutConnection()
    if behaviour.api == "answer_lost":
        act()
        return CutConnection()
    await asyncio.sleep(behaviour.seconds("api"))
    return act()


def _count_down(books: Books, payment: Payment | None) -> None:
    """Takes one off api_times where it was set; at zero that behaviour is over."""
    own = json.loads(payment["behaviour"]) if payment is not None else {}
    content, target = (own, payment) if "api" in own else (books.global_behaviour(), None)
    left = content.get("api_times")
    if not isinstance(left, int):
        return
    content["api_times"] = left - 1
    if left <= 1:
        content = {name: value for name, value in content.items() if not name.startswith("api")}
    books.set_behaviour(content, target)
