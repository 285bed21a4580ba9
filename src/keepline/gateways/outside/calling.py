"""One POST to the outside: bounded in time and size, and never led elsewhere.

A connection of its own for each call, so that each call looks at the addresses anew. A redirect is
an answer like any other and is not followed; a proxy of the environment is not asked, for it would
connect to what it likes. Of the answer the status counts. Its body is read as far as politeness
asks and thrown away: what stands there was written by somebody else, for whoever would show it.
"""

import ssl
import time
from collections.abc import Mapping
from functools import cache
from typing import Final

import httpcore

from keepline.gateways.outside.connecting import (
    Clock,
    GuardedBackend,
    NameUnknown,
    Resolve,
    resolved,
)
from keepline.gateways.outside.places import Place, PlaceRefused, Reach

CONNECT_S: Final = 5.0
TOTAL_S: Final = 15.0
BODY_READ: Final = 4096
AGENT: Final = "Keepline/1"


class CallFailed(Exception):
    """There is no answer. `code`: inside, name, connect, tls, late, cut; or as PlaceRefused has
    it. Whether the other side acted is not known after late and cut."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@cache
def public_tls() -> ssl.SSLContext:
    """The authorities of the world; read once, which takes longer than most calls."""
    return httpcore.default_ssl_context()


class OutsideCaller:
    """`connect_s` bounds connecting and the handshake, `total_s` everything together.

    `resolve`, `network` and `tls` are for tests.
    """

    def __init__(
        self,
        reach: Reach,
        connect_s: float = CONNECT_S,
        total_s: float = TOTAL_S,
        resolve: Resolve = resolved,
        network: httpcore.NetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._reach = reach
        self._connect_s, self._total_s = connect_s, total_s
        self._resolve, self._network, self._tls = resolve, network, tls
        self._clock = clock

    def place_of(self, url: str) -> Place:
        """Where the URL leads, as far as its text tells. Raises PlaceRefused."""
        return Place.read(url, self._reach)

    def post(
        self, url: str, headers: Mapping[str, str], body: bytes, within_s: float | None = None
    ) -> int:
        """The status of the answer, whatever it is. Raises CallFailed.

        `within_s`: less time than usual, for a call that somebody waits for.
        """
        try:
            return self._posted(self.place_of(url), headers, body, within_s or self._total_s)
        except PlaceRefused as refused:
            raise CallFailed(refused.code) from refused
        except NameUnknown as error:
            raise CallFailed("name") from error
        except httpcore.TimeoutException as error:
            raise CallFailed("late") from error
        except httpcore.ConnectError as error:
            raise CallFailed("tls" if _is_tls(error) else "connect") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise CallFailed("cut") from error

    def _posted(
        self, place: Place, headers: Mapping[str, str], body: bytes, within_s: float
    ) -> int:
        tls = self._tls or public_tls()  # before the time begins to run: it is read from files
        backend = GuardedBackend(
            place,
            self._reach,
            self._clock() + within_s,
            self._resolve,
            self._clock,
            self._network,
        )
        sent = {"User-Agent": AGENT, **headers}
        with (
            httpcore.ConnectionPool(
                ssl_context=tls,
                max_connections=1,
                retries=0,
                network_backend=backend,
            ) as pool,
            pool.stream(
                "POST",
                place.url,
                headers=list(sent.items()),
                content=body,
                extensions={"timeout": {"connect": self._connect_s}},
            ) as answer,
        ):
            _drain(answer)
            return answer.status


def _drain(answer: httpcore.Response) -> None:
    """The status has been read: a body that comes slowly, or is cut, does not change it."""
    read = 0
    try:
        for chunk in answer.iter_stream():
            read += len(chunk)
            if read >= BODY_READ:
                return
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        return


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
