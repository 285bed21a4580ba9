"""The fake gateway's addresses: /messages for us, /control for tests."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.messaging.fake_sms import E164, REFUSED_ENDING
from keepline.gateways.payments.cut_connection import CutConnection
from keepline.gateways.signed import NotBelieved, Signer

MODES: Final = ("normal", "down", "full", "no_answer", "garbage")
PATIENCE_S: Final = 5.0


@dataclass
class FakeGateway:
    """Keeps messages in memory; a killed one has forgotten them, and its ids with them."""

    secrets: Sequence[str]
    callback_url: str = ""
    mode: str = "normal"
    left: int = 0  # requests that the mode is still for; 0: all
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._signer = Signer(self.secrets)

    async def take(self, request: Request) -> Response:
        """POST /messages."""
        body = await request.body()
        try:
            believed = self._signer.believed(request.headers, body, datetime.now(UTC))
        except NotBelieved as error:
            return PlainTextResponse(str(error), 401)
        mode = self._mode_now()
        if mode == "down":
            return PlainTextResponse("down, on demand", 503)
        if mode == "garbage":
            return PlainTextResponse("<html>")
        rows = json.loads(believed.text)["messages"]
        results = [self._result(row, mode) for row in rows]
        return CutConnection() if mode == "no_answer" else JSONResponse({"results": results})

    def _mode_now(self) -> str:
        mode = self.mode
        if self.left:
            self.left -= 1
            self.mode = self.mode if self.left else "normal"
        return mode

    def _result(self, row: dict[str, Any], mode: str) -> dict[str, Any]:
        if mode == "full":
            return {"id": row["id"], "status": "later", "code": "queue_full"}
        if not E164.fullmatch(row["to"]) or row["to"].endswith(REFUSED_ENDING):
            return {"id": row["id"], "status": "refused", "code": "no_such_number"}
        known = self.messages.setdefault(row["id"], {**row, "reference": uuid4().hex, "times": 0})
        known["times"] += 1
        return {"id": row["id"], "status": "accepted", "reference": known["reference"]}

    async def behave(self, request: Request) -> Response:
        """PUT /control/mode: {"mode", "times"}."""
        content = await request.json()
        if content["mode"] not in MODES:
            return PlainTextResponse(f"mode is one of {', '.join(MODES)}", 422)
        self.mode, self.left = content["mode"], int(content.get("times", 0))
        return JSONResponse({})

    async def show(self, request: Request) -> Response:
        """GET /control/messages: what was taken, oldest first."""
        del request
        return JSONResponse({"messages": list(self.messages.values())})

    async def tell(self, request: Request) -> Response:
        """POST /control/callbacks: {"type", "data"}, signed and sent; the answer's status."""
        content = {"timestamp": datetime.now(UTC).isoformat(), **await request.json()}
        text = json.dumps(content)
        headers = self._signer.headers(f"cb_{uuid4().hex}", text, datetime.now(UTC))
        async with httpx.AsyncClient(timeout=PATIENCE_S, **LOOPBACK) as client:
            answer = await client.post(
                self.callback_url,
                content=text,
                headers={"content-type": "application/json", **headers},
            )
        return JSONResponse({"status": answer.status_code})

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/messages", self.take, methods=["POST"]),
                Route("/control/mode", self.behave, methods=["PUT"]),
                Route("/control/messages", self.show),
                Route("/control/callbacks", self.tell, methods=["POST"]),
            ]
        )
