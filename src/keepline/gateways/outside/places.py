"""The address of an endpoint: what a URL must be before anything is sent there.

It is read once, by the same parser that the call uses, and kept as that parser writes it: two
readers who disagree about where a URL leads are how such walls are climbed.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import httpx

from keepline.gateways.outside.addresses import Address, is_outside

LONGEST_URL: Final = 500
PORTS: Final = frozenset({443, 8443})
NAME: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# Names that never mean a machine of the internet (RFC 6761, 6762, 8375, and ICANN's .internal).
INNER_ENDS: Final = (".localhost", ".local", ".internal", ".home.arpa", ".onion", ".lan", ".corp")


class PlaceRefused(Exception):
    """No call may go there. `code`: url, scheme, credentials, port, host, inside."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reach:
    """How far calls may go. `loopback`: also to this machine, over http and to any port; for
    demonstrations and tests."""

    loopback: bool = False
    ports: frozenset[int] = PORTS

    def permits(self, place: "Place", address: Address) -> bool:
        """Whether a call to the place may connect to the address that its name led to."""
        if place.is_loopback:
            return self.loopback and address.is_loopback
        return is_outside(address)


@dataclass(frozen=True, slots=True)
class Place:
    """A URL that may be called, as far as its text tells. `host` in lower case, ASCII."""

    url: str
    host: str
    port: int
    is_loopback: bool = False

    @classmethod
    def read(cls, text: str, reach: Reach) -> "Place":
        """Raises PlaceRefused. Asks no name server: that is done when the call is made."""
        url = _parsed(text)
        host = url.raw_host.decode("ascii").lower().rstrip(".")
        loopback = reach.loopback and host in LOOPBACK_NAMES
        if url.scheme != "https" and not (url.scheme == "http" and loopback):
            raise PlaceRefused("scheme")
        if url.userinfo:
            raise PlaceRefused("credentials")
        port = url.port or (443 if url.scheme == "https" else 80)
        if not loopback and port not in reach.ports:
            raise PlaceRefused("port")
        if not loopback:
            _refuse_inside(host)
        return cls(str(url.copy_with(host=host, fragment=None)), host, port, loopback)


def _parsed(text: str) -> httpx.URL:
    if not text or len(text) > LONGEST_URL or not text.isprintable() or set(text) & set(" \\"):
        raise PlaceRefused("url")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise PlaceRefused("url") from None
    if not url.is_absolute_url or not url.raw_host:
        raise PlaceRefused("url")
    return url


def _refuse_inside(host: str) -> None:
    """Numbers must be written as addresses are: 2130706433, 0177.0.0.1 and 0x7f.1 are tricks."""
    try:
        address = ip_address(host)
    except ValueError:
        if not NAME.fullmatch(host):
            raise PlaceRefused("host") from None
        if f".{host}".endswith(INNER_ENDS):
            raise PlaceRefused("inside") from None
        return
    if not is_outside(address):
        raise PlaceRefused("inside")
