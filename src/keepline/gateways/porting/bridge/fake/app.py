"""The fake clearing house's addresses: /v1/ports for operators, /control for tests and demo."""

import hmac
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from keepline.gateways import fake_bridge
from keepline.gateways.bridging import Unreadable, instant_of, text_of
from keepline.gateways.fake_bridge import object_in
from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.porting.bridge.callbacks import CHANGED
from keepline.gateways.porting.bridge.wire import PATH, number_of, word_of
from keepline.gateways.signed import Signer

from .behaviour import DAYS
from .books import ELSEWHERE, Books, OtherContent, Row, real_time


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told, once, of what `elsewhere` did. A call that is lost is lost."""

    url: str
    secret: str

    async def tell(self, port_id: str) -> None:
        """That this porting changed."""
        text = json.dumps({"type": CHANGED, "data": {"id": port_id}})
        headers = Signer([self.secret]).headers(f"msg_{uuid4()}", text, real_time())
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(timeout=5, **LOOPBACK) as client:
                await client.post(self.url, content=text, headers=headers)


class FakeHouse:
    """The routes over one set of books. `keys`: of the operators, by their names."""

    def __init__(
        self, books: Books, keys: Mapping[str, str], listener: Listener | None = None
    ) -> None:
        self.books, self._keys, self._listener = books, keys, listener

    async def serve(self, request: Request) -> Response:
        """A call of an operator's, or what the behaviour in force makes of it."""
        operator = self._operator(request)
        act = request.path_params.get("act") or _act_of(request)
        if act not in DAYS.acts:
            return PlainTextResponse("no such act", 404)
        today = DAYS.for_call(self.books.store, act)

        async def carry_out() -> Row | None:
            content = await object_in(request)
            return self._answer(act, request, operator, content, today.notice_s)

        return await fake_bridge.answer(today, carry_out, "state")

    def _operator(self, request: Request) -> str:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        for name, key in self._keys.items():
            if hmac.compare_digest(given.encode(), key.encode()):
                return name
        raise HTTPException(401, "who are you?")

    def _answer(
        self, act: str, request: Request, operator: str, content: Row, notice_s: float
    ) -> Row | None:
        books, port_id = self.books, str(request.path_params.get("port_id", ""))
        if act == "requests":
            return {"ports": [shown(row, waits=True) for row in books.waiting_for(operator)]}
        if act == "request":
            number, code = str(number_of(content)), text_of(content, "code")
            holder = text_of(content, "holder", optional=True)
            return shown(books.request(port_id, operator, number, code, holder, notice_s))
        if act == "accept":
            at = instant_of(content, "cut_over_at")
            if at is None:
                raise Unreadable("cut_over_at")
            row = books.accept(port_id, operator, at)
        elif act == "reject":
            row = books.reject(port_id, operator, word_of(content, "reason") or "other")
        elif act == "cancel":
            row = books.cancel(port_id, operator)
        elif act == "cut-over":
            row = books.cut_over(port_id, operator)
        elif act == "return":
            row = books.return_number(port_id, operator)
        else:
            row = books.looked_at(port_id)
            row = row if row and operator in (row["donor"], row["recipient"]) else None
        return shown(row) if row else None

    async def enter(self, request: Request) -> Response:
        """POST /control/numbers: whose each number is; `elsewhere` unless it says otherwise."""
        content = await object_in(request)
        self.books.enter(
            (
                str(number_of(row)),
                text_of(row, "operator", optional=True) or ELSEWHERE,
                text_of(row, "code", optional=True),
                text_of(row, "holder", optional=True),
            )
            for row in content.get("numbers", [])
        )
        return JSONResponse({})

    async def show(self, request: Request) -> Response:
        """GET /control/numbers/NUMBER: whose it is now."""
        operator = self.books.operator_of(request.path_params["number"])
        return JSONResponse({"operator": operator}, 200 if operator else 404)

    async def act_elsewhere(self, request: Request) -> Response:
        """POST /control/ports: `elsewhere` asks for a number, which is `donor`'s if nobody knows
        it. POST /control/ports/ID/ACT: it cuts over or cancels."""
        port_id = str(request.path_params.get("port_id") or uuid4())
        act = request.path_params.get("act", "request")
        if act not in ("request", "cancel", "cut-over"):
            return PlainTextResponse("no such act", 404)
        content = await object_in(request)
        if content.get("donor") and self.books.operator_of(str(number_of(content))) is None:
            self.books.enter([(str(number_of(content)), text_of(content, "donor"), "", "")])
        found = self._answer(act, _as(request, port_id), ELSEWHERE, content, 0)
        if found is None:
            return fake_bridge.shown(None, "state")
        told = BackgroundTask(self._listener.tell, port_id) if self._listener else None
        return JSONResponse(found, background=told)

    async def change_behaviour(self, request: Request) -> Response:
        """PUT: a bad day. DELETE: a good one."""
        return await fake_bridge.change_day(request, DAYS, self.books.store)

    def app(self) -> Starlette:
        """The application."""
        routes = [
            Route(PATH, self.serve),
            Route(PATH + "/{port_id:uuid}", self.serve, methods=["GET", "PUT"]),
            Route(PATH + "/{port_id:uuid}/{act}", self.serve, methods=["POST"]),
            Route("/control/numbers", self.enter, methods=["POST"]),
            Route("/control/numbers/{number}", self.show),
            Route("/control/ports", self.act_elsewhere, methods=["POST"]),
            Route("/control/ports/{port_id:uuid}/{act}", self.act_elsewhere, methods=["POST"]),
            Route("/control/behaviour", self.change_behaviour, methods=["PUT", "DELETE"]),
        ]
        refusals = (*fake_bridge.REFUSALS, OtherContent)
        handlers: dict[Any, Any] = dict.fromkeys(refusals, fake_bridge.refused)
        return Starlette(routes=routes, exception_handlers=handlers)


def shown(row: Row, *, waits: bool = False) -> Row:
    """A porting as its operators see it; its code only as its donor, who must judge it."""
    names = ("id", "donor", "recipient", "state", "reason", "cut_over_at")
    told = {"number": f"+{row['number']}", **{name: row[name] for name in names}}
    return told | ({"code": row["code"], "holder": row["holder"]} if waits else {})


def _act_of(request: Request) -> str:
    if "port_id" not in request.path_params:
        return "requests"
    return "request" if request.method == "PUT" else "ask"


def _as(request: Request, port_id: str) -> Request:
    scope = {**request.scope, "path_params": {"port_id": UUID(port_id)}}
    return Request(scope)
