"""The other way of docs/decisions/0019: granian in ASGI mode, with our WSGI application behind it.

The event loop reads a request, a thread of a pool answers it, the event loop sends that.
"""

import asyncio
import io
import os
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Message = dict[str, Any]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


def serve(port: int, workers: int, threads: int) -> None:
    """As `keepline serve`, but for the interface."""
    from granian.constants import Interfaces
    from granian.server import Server

    os.environ["BRIDGE_THREADS"] = str(threads)
    Server(
        "bench.bridged:application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        websockets=False,
        log_access=False,
    ).serve()


class Bridge:
    """An ASGI application over a WSGI one. asgiref's own answers one request at a time."""

    def __init__(self, wsgi: Callable[..., Any], threads: int) -> None:
        self.wsgi = wsgi
        self.pool = ThreadPoolExecutor(threads)

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        loop = asyncio.get_running_loop()
        status, headers, content = await loop.run_in_executor(self.pool, self._answer, scope, body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, scope: Message, body: bytes) -> Answer:
        from asgiref.wsgi import WsgiToAsgiInstance

        one = WsgiToAsgiInstance(self.wsgi)
        one.scope = scope
        environ = one.build_environ(scope, io.BytesIO(body))
        started: list[tuple[int, list[tuple[bytes, bytes]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _info: object = None) -> None:
            pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
            started.append((int(status[:3]), pairs))

        answer = self.wsgi(environ, start)
        try:
            content = b"".join(answer)
        finally:
            answer.close()
        return (*started[0], content)


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
else:
    from keepline.config.wsgi import application as behind

    application = Bridge(behind, int(os.environ["BRIDGE_THREADS"]))
