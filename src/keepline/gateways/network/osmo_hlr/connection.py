"""A TCP connection that is opened when it is needed, and given up after the first failure.

One for each thread. What fails is NetworkUnknown, whatever it was: nobody can tell how much of what
was sent has been done.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from keepline.gateways.network.port import NetworkUnknown

LARGEST_READ = 65536


class Garbage(Exception):
    """What came is not what the other side would say; the text says what is wrong with it."""


class Connection:
    """Bytes to and from one door of the HLR. Not to be shared between threads.

    `greet` is called with a connection just made, before anything else is sent.
    """

    def __init__(
        self, host: str, port: int, timeout_s: float, greet: Callable[["Connection"], None]
    ) -> None:
        self.place = f"{host}:{port}"
        self._address = (host, port)
        self._timeout_s = timeout_s
        self._greet = greet
        self._socket: socket.socket | None = None
        self._deadline = 0.0

    @contextmanager
    def exchange(self) -> Iterator[None]:
        """Around one question and its answers: opens, limits the time, gives up on failure."""
        self._deadline = time.monotonic() + self._timeout_s
        try:
            self._open()
            yield
        except (OSError, Garbage) as error:
            self.close()
            raise NetworkUnknown(f"{self.place}: {error}") from error
        except BaseException:
            self.close()  # half an answer may still be on its way
            raise

    def send(self, content: bytes) -> None:
        """All of it. Raises OSError."""
        self._ready().sendall(content)

    def receive(self) -> bytes:
        """What has come, one byte or more. Raises OSError, also at the end of the connection."""
        content = self._ready().recv(LARGEST_READ)
        if not content:
            raise ConnectionResetError("closed the connection")
        return content

    def close(self) -> None:
        """Ends it; the next exchange opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> None:
        if self._socket is not None and self._was_closed_meanwhile():
            self.close()
        if self._socket is None:
            self._socket = socket.create_connection(self._address, self._timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._greet(self)

    def _was_closed_meanwhile(self) -> bool:
        """An HLR that was started anew is no silence: nothing was asked of the one before."""
        assert self._socket is not None
        self._socket.settimeout(0)
        try:
            return self._socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _ready(self) -> socket.socket:
        left_s = self._deadline - time.monotonic()
        if self._socket is None or left_s <= 0:
            raise TimeoutError("no answer in time")
        self._socket.settimeout(left_s)
        return self._socket
