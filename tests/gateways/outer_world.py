"""An internet of the test's own: name servers that say what they are told, peers that misbehave."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import httpcore


class Network(httpcore.NetworkBackend):
    """Notes where connections go, and leads them to a server of the test."""

    def __init__(self, port: int = 0) -> None:
        self.dialled: list[tuple[str, int]] = []
        self._port = port
        self._real = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **_: Any) -> Any:
        self.dialled.append((host, port))
        return self._real.connect_tcp("127.0.0.1", self._port, timeout=timeout)


def names(*answers: Sequence[str]) -> Callable[[str, int], Sequence[str]]:
    """A name server that answers so, one answer a question; the last one again and again."""
    left = list(answers)

    def resolve(_host: str, _port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def _request(connection: socket.socket) -> bytes:
    """All of it, or what came before the caller hung up."""
    heard = connection.recv(65536)
    while heard and not _is_whole(heard):
        more = connection.recv(65536)
        if not more:
            break
        heard += more
    return heard


def _is_whole(heard: bytes) -> bool:
    head, ended, body = heard.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return bool(ended) and len(body) >= int(length[1] if length else 0)


def hang(connection: socket.socket) -> None:
    """Says nothing for as long as the caller waits."""
    while connection.recv(65536):
        continue


@contextmanager
def server(
    answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """A server on loopback that hears one request a connection; its port, and the requests."""
    heard: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    stopped = threading.Event()

    def serve_one(connection: socket.socket) -> None:
        with closing(connection):
            try:
                if tls is not None:
                    connection = tls.wrap_socket(connection, server_side=True)
                heard.append(_request(connection))
                answer(connection)
            except OSError:
                return

    def serve() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            threading.Thread(target=serve_one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1], heard
    finally:
        stopped.set()
        thread.join()
        listening.close()


def says(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)
