"""The fake identity provider's addresses: /v1/checks for the operator, /checks for holders,
/control for tests and demo."""

import hmac
import json
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from keepline.gateways import fake_bridge
from keepline.gateways.bridging import text_of
from keepline.gateways.fake_bridge import object_in
from keepline.gateways.identity.bridge.wire import LONGEST_ADDRESS, PATH
from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.signed import Signer

from . import pages
from .behaviour import DAYS
from .checks import Checks, OtherContent, Row

TELLS_WITHIN_S: Final = 3.0


class FakeIdentity:
    """The routes over its checks. `callback_url`: where results are told; "" for nowhere."""

    def __init__(self, checks: Checks, key: str, secret: str, callback_url: str) -> None:
        self.checks, self._key, self._callback_url = checks, key, callback_url
        self._signer = Signer([secret])

    async def serve(self, request: Request) -> Response:
        """A call of the operator's, or what the behaviour in force makes of it."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._key.encode()):
            raise HTTPException(401, "who are you?")
        act = "start" if request.method == "PUT" else "ask"
        today = DAYS.for_call(self.checks.store, act)
        return await fake_bridge.answer(today, lambda: self._answer(act, request), "result")

    async def _answer(self, act: str, request: Request) -> Row | None:
        check_id = str(request.path_params["check_id"])
        if act == "ask":
            row = self.checks.find(check_id)
            return self.checks.shown(row) if row else None
        content = await object_in(request)
        back = text_of(content, "return_url", longest=LONGEST_ADDRESS)
        language = text_of(content, "language", optional=True) or "en"
        return self.checks.shown(self.checks.start(check_id, back, language))

    async def page(self, request: Request) -> Response:
        """Where the holder would show documents, and says how it ends. Leads back."""
        check_id = str(request.path_params["check_id"])
        row = self.checks.find(check_id)
        if row is None:
            return HTMLResponse(pages.missing(), 404)
        if row["result"] != "pending":
            return HTMLResponse(pages.ended(row["return_url"], row["language"]))
        if request.method != "POST":
            return HTMLResponse(pages.page(check_id, row["language"]))
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        choice = form.get("choice", [""])[0]
        if choice not in pages.DECISIONS:
            return HTMLResponse(pages.page(check_id, row["language"]), 400)
        await self._decide(check_id, *pages.DECISIONS[choice])
        return RedirectResponse(row["return_url"], 303)

    async def decide(self, request: Request) -> Response:
        """PUT /control/checks/ID: {"result", "reason", "country", "of_age"}, as of a real one."""
        content = await object_in(request)
        found = await self._decide(
            str(request.path_params["check_id"]),
            text_of(content, "result"),
            text_of(content, "reason", optional=True),
            text_of(content, "country", optional=True),
            content.get("of_age"),
        )
        return fake_bridge.shown(found, "result")

    async def _decide(self, check_id: str, *decision: Any) -> Row | None:
        row = self.checks.decide(check_id, *decision)
        if row is None:
            return None
        if self._callback_url and DAYS.current(self.checks.store).tells:
            await self._tell(self.checks.shown(row))
        return self.checks.shown(row)

    async def _tell(self, found: Row) -> None:
        """Once; who does not hear it asks."""
        text = json.dumps(found)
        headers = self._signer.headers(f"msg_{found['id']}", text, datetime.now(UTC))
        headers["content-type"] = "application/json"
        try:
            async with httpx.AsyncClient(timeout=TELLS_WITHIN_S, **LOOPBACK) as http:
                await http.post(self._callback_url, content=text, headers=headers)
        except httpx.HTTPError:
            pass

    async def change_behaviour(self, request: Request) -> Response:
        """PUT: a bad day. DELETE: a good one."""
        return await fake_bridge.change_day(request, DAYS, self.checks.store)

    def app(self) -> Starlette:
        """The application."""
        one = "/{check_id:uuid}"
        routes = [
            Route(PATH + one, self.serve, methods=["GET", "PUT"]),
            Route("/checks" + one, self.page, methods=["GET", "POST"]),
            Route("/control/checks" + one, self.decide, methods=["PUT"]),
            Route("/control/behaviour", self.change_behaviour, methods=["PUT", "DELETE"]),
        ]
        refusals = (*fake_bridge.REFUSALS, OtherContent)
        handlers: dict[Any, Any] = dict.fromkeys(refusals, fake_bridge.refused)
        return Starlette(routes=routes, exception_handlers=handlers)
