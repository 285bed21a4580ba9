"""An answer that breaks off, for the sandbox provider and the fakes: done, but nobody is told."""

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class CutConnection(Response):
    """Begins an answer and breaks it off: the caller sees the connection cut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promises more bytes than it sends."""
        del scope, receive
        headers = [(b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        await asyncio.sleep(0.01)
