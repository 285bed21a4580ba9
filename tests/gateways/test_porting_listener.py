"""The fake clearing house's webhook: signed as ours are read, and lost when nobody listens."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import uuid4

import pytest

from keepline.gateways.porting.bridge.callbacks import read_callback
from keepline.gateways.porting.bridge.fake.app import Listener
from keepline.gateways.signed import NotBelieved

SECRET, OTHER = "whsec_" + "c2VjcmV0" * 5, "whsec_" + "b3RoZXJz" * 5
Heard = list[tuple[dict[str, str], bytes]]


class Ear:
    """A web server on loopback that keeps what it is told, and answers with `status`."""

    def __init__(self, status: int = 204) -> None:
        heard: Heard = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                heard.append((dict(self.headers), body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.heard = heard
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/porting/"


@pytest.fixture(params=[204, 500])
def ear(request: pytest.FixtureRequest) -> Iterator[Ear]:
    found = Ear(request.param)
    thread = threading.Thread(target=found.server.serve_forever, args=(0.05,))
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def test_it_tells_once_and_is_believed(ear: Ear) -> None:
    """Also where it is answered with an error: it tells no second time."""
    port_id = uuid4()
    asyncio.run(Listener(ear.url, SECRET).tell(str(port_id)))
    ((headers, body),) = ear.heard
    now = datetime.now(UTC)
    assert read_callback(headers, body, [SECRET], now) == port_id
    with pytest.raises(NotBelieved):
        read_callback(headers, body, [OTHER], now)
    with pytest.raises(NotBelieved):
        read_callback(headers, body.replace(b"port", b"part"), [SECRET], now)


def test_each_time_under_an_id_of_its_own(ear: Ear) -> None:
    listener = Listener(ear.url, SECRET)
    for _ in range(2):
        asyncio.run(listener.tell("one"))
    first, second = (
        {name.lower(): value for name, value in headers.items()} for headers, _ in ear.heard
    )
    assert first["webhook-id"] != second["webhook-id"]


def test_what_nobody_hears_is_lost() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and not listened on
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        asyncio.run(Listener(url, SECRET).tell("one"))
