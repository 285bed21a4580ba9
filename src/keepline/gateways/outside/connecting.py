"""Connections to where a name leads, after the addresses behind it were looked at.

The name is asked for once, by us; every address that it leads to must be permitted; and the
connection goes to one of exactly these addresses. A name server that answers otherwise a moment
later is not asked again. TLS still checks the certificate against the name.

One deadline stands over everything, for a peer that sends a byte now and then would never be late
by the time between two bytes.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any

import httpcore

from keepline.gateways.outside.addresses import Address
from keepline.gateways.outside.places import Place, PlaceRefused, Reach

ADDRESSES_TRIED = 3
Resolve = Callable[[str, int], Sequence[str]]
Clock = Callable[[], float]


class NameUnknown(Exception):
    """The name leads nowhere, or no name server answers."""


def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses behind a name as the system's resolver tells them; OSError for none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore.NetworkBackend):
    """For one call to one place. `until`: the deadline by `clock`, in seconds."""

    def __init__(
        self,
        place: Place,
        reach: Reach,
        until: float,
        resolve: Resolve = resolved,
        clock: Clock = time.monotonic,
        network: httpcore.NetworkBackend | None = None,
    ) -> None:
        self._place, self._reach = place, reach
        self._until, self._clock = until, clock
        self._resolve = resolve
        self._network = network or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """To the first permitted address that takes the connection; `host` is the place's."""
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._addresses()[:ADDRESSES_TRIED]:
            left = min(timeout or self._left(), self._left())
            try:
                stream = self._network.connect_tcp(str(address), port, timeout=left)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return TimedStream(stream, self._until, self._clock)
        raise failure

    def _addresses(self) -> Sequence[Address]:
        """One that is not permitted spoils all: a name with two faces is no accident."""
        try:
            told = self._resolve(self._place.host, self._place.port)
        except (OSError, UnicodeError) as error:
            raise NameUnknown(self._place.host) from error
        addresses = [ip_address(each) for each in told]
        if not addresses:
            raise NameUnknown(self._place.host)
        if not all(self._reach.permits(self._place, each) for each in addresses):
            raise PlaceRefused("inside")
        return addresses

    def _left(self) -> float:
        left = self._until - self._clock()
        if left <= 0:
            raise httpcore.ConnectTimeout("the time is up")
        return left


class TimedStream(httpcore.NetworkStream):
    """A stream on which every wait ends at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, until: float, clock: Clock) -> None:
        self._stream, self._until, self._clock = stream, until, clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._left(httpcore.ConnectTimeout)
        secure = self._stream.start_tls(ssl_context, server_hostname, left)
        return TimedStream(secure, self._until, self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _left(self, late: type[Exception]) -> float:
        left = self._until - self._clock()
        if left <= 0:
            raise late("the time is up")
        return left
