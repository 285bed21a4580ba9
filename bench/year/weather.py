"""What goes wrong outside: letters that do not go, a network and a provider with bad days."""

from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any

import httpx
from django.conf import settings

from keepline.config.wiring import sandbox_secret
from keepline.gateways import switchboard
from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.messaging.port import (
    ChannelRefused,
    ChannelUnavailable,
    EmailMessage,
    SendResult,
    Sent,
    one_by_one,
)
from keepline.gateways.network.fake import FakeNetwork

NETWORK_DAYS = ["normal"] * 6 + ["no_answer", "lost", "refuse", "down"]
PROVIDER_DAYS: list[dict[str, Any]] = [
    *[{}] * 6,
    {"api": "error_500", "api_on": "ask", "api_times": 3},
    {"api": "answer_lost", "api_on": "open", "api_times": 1},
]


class Post:
    """Letters arrive nowhere; one in twenty meets a channel that is down, one in 200 a no."""

    name = "post"

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)

    def send(self, message: EmailMessage) -> SendResult:
        """See the port."""
        luck = self._chance.random()
        if luck < 0.05:
            raise ChannelUnavailable("a bad day")
        if luck > 0.995:
            raise ChannelRefused("550", "no such mailbox")
        return SendResult(str(message.message_id))

    def send_all(self, messages: Sequence[EmailMessage]) -> list[Sent]:
        """See the port."""
        return one_by_one(self.send, messages)


def network() -> FakeNetwork:
    """The shipped fake; its memory outlives every process of the year."""
    return FakeNetwork(settings.ENV.data / "year-network.sqlite3")


def connect(seed: int) -> None:
    """The ports of a process of the year; the payment provider is the shipped sandbox."""
    switchboard.connect("network", network)
    switchboard.connect("email", lambda: Post(seed))


def change(chance: Random) -> None:
    """The weather of a day."""
    word = chance.choice(NETWORK_DAYS)
    times = None if word == "normal" else chance.randrange(1, 9)
    network().set_behaviour(word, times=times)
    call("PUT", "/control/behaviour", chance.choice(PROVIDER_DAYS))


def pay(payment_id: object, outcome: str) -> None:
    """What a holder does on the provider's page; too late there is nothing to do."""
    call("POST", f"/v1/payments/{payment_id}/simulate", {"outcome": outcome})


@cache
def _client() -> httpx.Client:
    return httpx.Client(timeout=10, **LOOPBACK)


def call(method: str, path: str, content: dict[str, Any]) -> int:
    """A call of the sandbox's own; returns the HTTP status."""
    address = f"http://127.0.0.1:{settings.ENV.provider_port}{path}"
    key = {"authorization": f"Bearer {sandbox_secret('api')}"}
    answer = _client().request(method, address, json=content, headers=key)
    return answer.status_code
