"""What `keepline live` serves: GET /live/, and ?line= for one line. Nothing else, and nothing of it
says what a message says."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from uuid import UUID

import django
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keepline.config.settings")
django.setup()

from django.conf import settings  # noqa: E402

from keepline.portal.live import door  # noqa: E402
from keepline.portal.live.hub import Hub, Watcher  # noqa: E402

STILL_HERE_S = 20.0  # so that proxies keep the connection, and a page that went is noticed
COME_BACK_MS = 2000
hub = Hub(settings.ENV.database_url, door.good_among)


async def live(request: Request) -> Response:
    """A stream of events: `news` when there is some, `over` when the page may watch no longer."""
    origin = request.headers.get("origin")
    if origin is not None and origin not in door.origins():
        return Response(status_code=HTTPStatus.FORBIDDEN)
    headers = {
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",  # nginx: events are not held back
        "X-Robots-Tag": "noindex",
        "Vary": "Origin",
    }
    if origin is not None:
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
        }
    try:
        line_id = UUID(request.query_params["line"]) if "line" in request.query_params else None
    except ValueError:
        return Response(status_code=HTTPStatus.BAD_REQUEST, headers=headers)
    by = await door.pass_of(request.cookies)
    if by is None:  # a browser does not ask again after this
        return Response(status_code=HTTPStatus.FORBIDDEN, headers=headers)
    watcher = Watcher(by, line_id)
    return StreamingResponse(_events(watcher), media_type="text/event-stream", headers=headers)


async def _events(watcher: Watcher) -> AsyncIterator[str]:
    hub.enter(watcher)
    try:
        yield f"retry: {COME_BACK_MS}\n\n"
        while not watcher.over:
            try:
                await asyncio.wait_for(watcher.changed.wait(), STILL_HERE_S)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            watcher.changed.clear()
            yield "event: over\ndata:\n\n" if watcher.over else "event: news\ndata:\n\n"
    finally:
        hub.leave(watcher)


@asynccontextmanager
async def _running(_app: Starlette) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(hub.listen()), asyncio.create_task(hub.check())]
    yield
    for task in tasks:
        task.cancel()
    hub.end_all()


application = Starlette(routes=[Route("/live/", live)], lifespan=_running)
