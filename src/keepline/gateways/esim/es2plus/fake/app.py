"""The fake SM-DP+'s addresses: ES2+ for the operator, /control for tests and demo."""

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from keepline.core.identifiers import IdentifierError, parse_eid, parse_iccid
from keepline.gateways.bad_days import BehaviourRefused
from keepline.gateways.esim.es2plus.reading import Unreadable, object_of, read_object
from keepline.gateways.esim.es2plus.wire import ADMIN_PROTOCOL, PATH
from keepline.gateways.payments.cut_connection import CutConnection

from .behaviour import DAYS
from .functions import Functions, failed
from .notifications import Notifications
from .phone import ENDS, Phone, PhoneRefused
from .store import put_profiles


class FakeSmdp:
    """The routes over one store."""

    def __init__(self, functions: Functions, notifications: Notifications) -> None:
        self.store, self.functions, self.notifications = (
            functions.store,
            functions,
            notifications,
        )
        self.phone = Phone(self.store, notifications)

    async def call(self, request: Request) -> Response:
        """A call of the operator's, or what the behaviour in force makes of it."""
        function = request.path_params["function"]
        if function not in DAYS.acts:
            return PlainTextResponse("no such function", 404)
        today = DAYS.for_call(self.store, function)
        if today.mode == "down":
            return PlainTextResponse("down, on demand", 503)
        if today.mode == "lost":
            return CutConnection()
        content = read_object(await request.body())
        if today.refusal:
            answer = failed(*today.refusal, "on demand")
        else:
            answer = self.functions.answer(function, content, today.remembers_calls)
        if today.mode == "no_answer":
            return CutConnection()
        await asyncio.sleep(today.slow_s)
        return JSONResponse(answer, headers={"x-admin-protocol": ADMIN_PROTOCOL})

    async def put_profiles(self, request: Request) -> Response:
        """Puts profiles in stock; those that are there stay as they are."""
        content = read_object(await request.body())
        listed = content.get("profiles")
        rows = [object_of(row, "profiles") for row in listed] if isinstance(listed, list) else []
        put_profiles(
            self.store, [(parse_iccid(row["iccid"]), str(row["profile_type"])) for row in rows]
        )
        return JSONResponse({"profiles": len(rows)})

    async def show_profile(self, request: Request) -> Response:
        """One profile, without its confirmation code."""
        query = "SELECT iccid, profile_type, state, eid, matching_id FROM profiles WHERE iccid = ?"
        row = self.store.execute(query, (request.path_params["iccid"],)).fetchone()
        return JSONResponse(dict(row)) if row else PlainTextResponse("no such profile", 404)

    async def change_behaviour(self, request: Request) -> Response:
        """PUT: a bad day. DELETE: a good one."""
        content = read_object(await request.body()) if request.method == "PUT" else {}
        DAYS.put(self.store, DAYS.checked(content))
        return JSONResponse(content)

    async def install(self, request: Request) -> Response:
        """A phone reads an activation code."""
        content = read_object(await request.body())
        end = str(content.get("end", "installed"))
        if end not in ENDS:
            return PlainTextResponse(f"end is one of {', '.join(ENDS)}", 422)
        code = str(content.get("confirmation_code") or "")
        shown: dict[str, Any]
        try:
            eid = parse_eid(str(content.get("eid")))
            iccid = self.phone.install(str(content.get("activation_code")), eid, code, end)
            shown, status = {"iccid": iccid}, 200
        except PhoneRefused as refused:
            shown, status = {"refused": refused.word}, 409
        await self.notifications.send()
        return JSONResponse(shown, status)

    async def act(self, request: Request) -> Response:
        """A holder switches or deletes a profile in the phone's settings."""
        content = read_object(await request.body())
        try:
            self.phone.act(request.path_params["iccid"], str(content.get("act")))
        except PhoneRefused as refused:
            return JSONResponse({"refused": refused.word}, 409)
        await self.notifications.send()
        return JSONResponse({})

    async def show_notifications(self, request: Request) -> Response:
        """What was notified, oldest first."""
        shown = self.notifications.shown(request.query_params.get("iccid"))
        return JSONResponse({"notifications": shown})

    async def send_notifications(self, request: Request) -> Response:
        """Sends what was not taken, or all once more."""
        content = read_object(await request.body() or b"{}")
        return JSONResponse({"sent": await self.notifications.send(content.get("again") is True)})

    def app(self) -> Starlette:
        """The application."""
        routes = [
            Route(PATH + "{function}", self.call, methods=["POST"]),
            Route("/control/profiles", self.put_profiles, methods=["POST"]),
            Route("/control/profiles/{iccid}", self.show_profile),
            Route("/control/behaviour", self.change_behaviour, methods=["PUT", "DELETE"]),
            Route("/control/phone", self.install, methods=["POST"]),
            Route("/control/phone/{iccid}", self.act, methods=["POST"]),
            Route("/control/notifications", self.show_notifications),
            Route("/control/notifications/send", self.send_notifications, methods=["POST"]),
        ]
        handlers: dict[Any, Any] = {
            Unreadable: _refused,
            IdentifierError: _refused,
            BehaviourRefused: _refused,
        }
        return Starlette(routes=routes, exception_handlers=handlers)


async def _refused(request: Request, error: Exception) -> Response:
    del request
    return PlainTextResponse(str(error), 422)
