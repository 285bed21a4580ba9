"""What fakes behind a bridge answer, on good days and bad ones (gateways/bad_days.py)."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from keepline.gateways.bad_days import BadDays, BehaviourRefused, Day
from keepline.gateways.bridging import NoAnswer, Unreadable, object_of
from keepline.gateways.payments.cut_connection import CutConnection

MODES = "no_answer|lost|down|odd"
REFUSALS = (Unreadable, NoAnswer, BehaviourRefused)


async def answer(
    day: Day, carry_out: Callable[[], Awaitable[dict[str, Any] | None]], word: str
) -> Response:
    """What `day` makes of a call. None: there is none such, which `word` says of itself."""
    if day.mode == "down":
        return PlainTextResponse("down, on demand", 503)
    if day.mode == "lost":
        return CutConnection()
    found = await carry_out()
    if day.mode == "no_answer":
        return CutConnection()
    if day.mode == "odd":
        return JSONResponse({**(found or {}), word: "pondering"})
    await asyncio.sleep(day.slow_s)
    return shown(found, word)


def shown(found: dict[str, Any] | None, word: str) -> Response:
    """Something, or that there is none such."""
    return JSONResponse(found) if found else JSONResponse({word: "not_found"}, 404)


async def object_in(request: Request) -> dict[str, Any]:
    """The JSON object of a call; empty without a body. Raises NoAnswer."""
    return object_of(await request.body() or b"{}")


async def change_day(request: Request, days: BadDays[Any], store: sqlite3.Connection) -> Response:
    """PUT: a bad day. DELETE: a good one. Raises BehaviourRefused."""
    content = await object_in(request) if request.method == "PUT" else {}
    days.put(store, days.checked(content))
    return JSONResponse(content)


async def refused(request: Request, error: Exception) -> Response:
    """What is raised for a call that cannot be read."""
    del request
    return PlainTextResponse(str(error), 422)
