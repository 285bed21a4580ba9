"""Signed webhooks: each is sent once, while Stripe would try for three days."""

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
import time

import httpx

from keepline.gateways.loopback import LOOPBACK

from .store import Json

log = logging.getLogger("keepline.fake_stripe")


def signature(body: str, secret: str, unix_s: int) -> str:
    """The Stripe-Signature header of a body."""
    signed = hmac.new(secret.encode(), f"{unix_s}.{body}".encode(), hashlib.sha256)
    return f"t={unix_s},v1={signed.hexdigest()}"


class Sender:
    """Sends in the background, so that no call of the seller waits for the seller."""

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._secret = url, secret
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, kind: str, about: Json) -> None:
        """Sends an event about an object as it is now."""
        event = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "created": int(time.time()),
            "livemode": False,
            "type": kind,
            "data": {"object": about},
        }
        task = asyncio.create_task(self._post(json.dumps(event)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, body: str) -> None:
        header = signature(body, self._secret, int(time.time()))
        try:
            async with httpx.AsyncClient(timeout=15, **LOOPBACK) as http:
                await http.post(
                    self._url,
                    content=body.encode(),
                    headers={"content-type": "application/json", "stripe-signature": header},
                )
        except httpx.HTTPError as error:
            log.warning("a webhook was lost: %s", type(error).__name__)
