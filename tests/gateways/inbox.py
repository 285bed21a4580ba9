"""A seller's web server for tests: records webhooks, answers as told, greets returning browsers."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Inbox:
    """What arrived, oldest first. `statuses` are used up one a webhook; then 200."""

    url: str = ""
    webhooks: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    returns: list[str] = field(default_factory=list)

    def wait_for(self, ready: Callable[["Inbox"], bool], timeout_s: float = 15) -> None:
        """Returns when `ready`; fails when it does not come."""
        until = time.monotonic() + timeout_s
        while not ready(self):
            assert time.monotonic() < until, f"only {len(self.webhooks)} webhooks came"
            time.sleep(0.02)


@contextmanager
def open_inbox() -> Iterator[Inbox]:
    """An inbox on a free loopback port."""
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:  # its sender was killed while it spoke: nothing arrived
                self.close_connection = True
                return
            inbox.webhooks.append((dict(self.headers), body))
            self.send_response(inbox.statuses.pop(0) if inbox.statuses else 200)
            self.end_headers()

        def do_GET(self) -> None:
            inbox.returns.append(self.path)
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>back</title><h1>Back at the shop</h1>")

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    inbox.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
