"""A wire between the adapter and osmo-hlr that tells who said what, and loses it on demand."""

import select
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from tests.gateways.hlr_process import CTRL_PORT, HOST, VTY_PORT

Door = Literal["ctrl", "vty"]
Mood = Literal["passes", "loses answers", "loses changes"]


def changes(content: bytes) -> bool:
    """Whether what is sent would change anything, in either door's words."""
    return b"SET " in content or b" update " in content


@dataclass
class Wire:
    """Both doors. A mood is for the next change that is sent: it is done or not, and then the
    connection is cut instead of an answer."""

    ports: dict[Door, int] = field(default_factory=dict)
    sent: list[tuple[Door, bytes]] = field(default_factory=list)
    mood: Mood = "passes"
    before_change: Callable[[], object] | None = None  # called once, when a change is on its way

    def take_mood(self) -> Mood:
        taken, self.mood = self.mood, "passes"
        return taken

    def happens_before_the_change(self) -> None:
        act, self.before_change = self.before_change, None
        if act is not None:
            act()

    @property
    def changed_by(self) -> list[Door]:
        """The doors by which changes went, in order, each once in a row."""
        doors = [door for door, content in self.sent if changes(content)]
        return [door for place, door in enumerate(doors) if doors[place - 1 : place] != [door]]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    wire: Wire
    door: Door
    upstream: int


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = cast("_Server", self.server)
        client: socket.socket = self.request
        try:
            with socket.create_connection((HOST, server.upstream)) as upstream:
                self._pass_on(server, client, upstream)
        except OSError:
            return  # either side is gone, as on a real wire

    def _pass_on(self, server: _Server, client: socket.socket, upstream: socket.socket) -> None:
        while True:
            readable, _, _ = select.select([client, upstream], [], [])
            if client in readable:
                content = client.recv(65536)
                if not content:
                    return
                server.wire.sent.append((server.door, content))
                mood = self._mood(server.wire, content)
                if mood == "loses changes":
                    return
                upstream.sendall(content)
                if mood == "loses answers":
                    _await_done(upstream)
                    return
            if upstream in readable:
                content = upstream.recv(65536)
                if not content:
                    return
                client.sendall(content)

    def _mood(self, wire: Wire, content: bytes) -> Mood:
        if not changes(content):
            return "passes"
        wire.happens_before_the_change()
        return wire.take_mood()


def _await_done(upstream: socket.socket) -> None:
    """The HLR does what it was told, sees that nothing more comes, and closes."""
    upstream.shutdown(socket.SHUT_WR)
    while upstream.recv(65536):
        pass


@contextmanager
def a_wire() -> Iterator[Wire]:
    """Stretched while the block runs."""
    wire = Wire()
    with ExitStack() as stack:
        doors: list[tuple[Door, int]] = [("ctrl", CTRL_PORT), ("vty", VTY_PORT)]
        for door, upstream in doors:
            server = stack.enter_context(_Server((HOST, 0), _Handler))
            server.wire, server.door, server.upstream = wire, door, upstream
            wire.ports[door] = server.server_address[1]
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(server.shutdown)
        yield wire


@contextmanager
def says(*answers: bytes, then_closes: bool = True) -> Iterator[int]:
    """A stranger's server at the port that is yielded: an answer for each thing it is told, the
    first one without being told anything if it is not empty."""

    class Stranger(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                for place, answer in enumerate(answers):
                    if place:
                        self.request.recv(65536)
                    self.request.sendall(answer)
                if not then_closes:
                    while self.request.recv(65536):
                        pass
            except OSError:
                return

    with socketserver.ThreadingTCPServer((HOST, 0), Stranger) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address: Any = server.server_address
        yield address[1]
        server.shutdown()
