"""A world of programs for tests of webhooks: endpoints on loopback, and what they heard."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.parser import BytesParser
from socket import socket
from typing import Any
from uuid import UUID

from keepline.flows.add_endpoint import add_endpoint
from keepline.flows.hooking.owners import Owner
from keepline.gateways import switchboard
from keepline.gateways.messaging.webhooks import StandardWebhooks
from keepline.gateways.outside.calling import OutsideCaller
from keepline.gateways.outside.places import Reach
from keepline.messages.endpoints import Endpoint
from tests.cast import NOW, Cast
from tests.gateways.outer_world import OK, says, server


def connect(loopback: bool = True, total_s: float = 5.0) -> None:
    """Webhooks as they are, which may go to loopback."""
    caller = OutsideCaller(Reach(loopback=loopback), total_s=total_s)
    switchboard.connect("webhooks", lambda: StandardWebhooks(caller))


def owner_of(cast: Cast) -> Owner:
    return Owner(cast.account.id, f"user:{cast.alice.pk}")


OPERATOR = Owner(None, "staff:1")


@dataclass
class Receiver:
    """One program. `requests` as they came."""

    endpoint: Endpoint
    secret: str
    requests: list[bytes] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        return self.endpoint.id

    def heard(self) -> list[tuple[dict[str, str], bytes]]:
        """Headers and body of each."""
        found = []
        for request in self.requests:
            head, _, body = request.partition(b"\r\n\r\n")
            parsed = BytesParser().parsebytes(head.partition(b"\r\n")[2])
            found.append(({name.lower(): value for name, value in parsed.items()}, body))
        return found

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard()]


@contextmanager
def receiver(
    owner: Owner,
    answer: bytes | Callable[[socket], None] = OK,
    kinds: tuple[str, ...] = (),
    now: datetime = NOW,
) -> Iterator[Receiver]:
    """A program that answers so, and is the owner's endpoint."""
    with server(says(answer) if isinstance(answer, bytes) else answer) as (port, requests):
        url = f"http://127.0.0.1:{port}/hook"
        endpoint, secret = add_endpoint(owner, url, "Shop", kinds, now)
        yield Receiver(endpoint, secret, requests)
