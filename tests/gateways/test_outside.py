"""Calls to the outside: every class of inner address is refused, whatever leads there."""

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from ipaddress import ip_address
from typing import Any

import httpcore
import pytest

from keepline.gateways.outside.addresses import is_outside
from keepline.gateways.outside.calling import CallFailed, OutsideCaller
from keepline.gateways.outside.places import LONGEST_URL, Place, PlaceRefused, Reach
from tests.gateways.certificates import authority_for
from tests.gateways.outer_world import OK, Network, hang, names, says, server

PUBLIC, PUBLIC_6 = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"

INNER = {
    "this host": "0.0.0.0",
    "private 10": "10.1.2.3",
    "private 172": "172.31.255.254",
    "private 192": "192.168.0.1",
    "carrier's NAT": "100.64.0.1",
    "loopback": "127.0.0.1",
    "loopback, elsewhere": "127.255.255.254",
    "link-local": "169.254.0.1",
    "metadata of clouds": "169.254.169.254",
    "protocols": "192.0.0.8",
    "documentation": "203.0.113.7",
    "benchmark": "198.19.255.255",
    "relay of 6to4": "192.88.99.1",
    "multicast": "224.0.1.1",
    "multicast, scoped": "239.255.255.250",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "unspecified, 6": "::",
    "loopback, 6": "::1",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped public": "::ffff:93.184.216.34",
    "compatible": "::7f00:1",
    "NAT64": "64:ff9b::7f00:1",
    "NAT64, local": "64:ff9b:1::a00:1",
    "6to4": "2002:7f00:1::1",
    "Teredo": "2001:0:7f00:1::1",
    "documentation, 6": "2001:db8::1",
    "documentation, new": "3fff::1",
    "unique local": "fd00::1",
    "unique local, AWS": "fd00:ec2::254",
    "link-local, 6": "fe80::1",
    "link-local, with scope": "fe80::1%1",
    "site-local": "fec0::1",
    "multicast, 6": "ff02::1",
    "discard": "100::1",
    "segment routing": "5f00::1",
}


@pytest.mark.parametrize("address", INNER.values(), ids=INNER.keys())
def test_an_inner_address_is_not_outside(address: str) -> None:
    assert not is_outside(ip_address(address))


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "192.0.1.1", PUBLIC_6, "2a00:1450::1"])
def test_an_address_of_the_internet_is(address: str) -> None:
    assert is_outside(ip_address(address))


REFUSED = {
    "": "url",
    "no address": "url",
    "/path": "url",
    "//partner.example/": "url",
    "https://": "url",
    "https://partner.example/" + "a" * LONGEST_URL: "url",
    "https://partner.example/\r\nHost: inner": "url",
    "https://partner.example\\@127.0.0.1/": "url",
    "https://partner.example :443/": "url",
    "https://１２７.０.０.１/": "url",
    "https://0177.0.0.1/": "url",
    "https://partner.example:99999/": "port",
    "http://partner.example/": "scheme",
    "ftp://partner.example/": "scheme",
    "file:///etc/passwd": "url",
    "gopher://partner.example/": "scheme",
    "https://user:secret@partner.example/": "credentials",
    "https://partner.example@127.0.0.1/": "credentials",
    "https://partner.example:22/": "port",
    "https://partner.example:5432/": "port",
    "https://2130706433/": "host",
    "https://0x7f.1/": "host",
    "https://0x7f000001/": "host",
    "https://127.1/": "host",
    "https://localhost/": "host",
    "https://intranet/": "host",
    "https://127.0.0.1/": "inside",
    "https://[::1]/": "inside",
    "https://[::ffff:7f00:1]/": "inside",
    "https://169.254.169.254/latest/meta-data/": "inside",
    "https://printer.local/": "inside",
    "https://metadata.google.internal/": "inside",
    "https://app.localhost/": "inside",
    "https://router.home.arpa/": "inside",
}


@pytest.mark.parametrize(("url", "code"), REFUSED.items())
def test_urls_that_lead_inside_or_nowhere(url: str, code: str) -> None:
    with pytest.raises(PlaceRefused) as refused:
        Place.read(url, Reach())
    assert refused.value.code == code


def test_a_url_is_kept_as_the_caller_reads_it() -> None:
    place = Place.read("https://Käse.Example./hook?a=b#part", Reach())
    assert place == Place("https://xn--kse-qla.example/hook?a=b", "xn--kse-qla.example", 443)
    assert Place.read("https://[2606:2800::1]:8443/", Reach()).port == 8443


def test_loopback_only_where_it_is_allowed() -> None:
    for url in ("http://localhost:8123/", "http://127.0.0.1:8123/", "http://[::1]:8123/"):
        assert Place.read(url, Reach(loopback=True)).is_loopback
        with pytest.raises(PlaceRefused):
            Place.read(url, Reach())
    for url in ("http://partner.example/", "http://10.0.0.1/", "http://127.0.0.2/"):
        with pytest.raises(PlaceRefused):
            Place.read(url, Reach(loopback=True))


def refusal_of(caller: OutsideCaller, url: str) -> str:
    with pytest.raises(CallFailed) as failed:
        caller.post(url, {}, b"{}")
    return failed.value.code


@pytest.mark.parametrize("address", INNER.values(), ids=INNER.keys())
def test_a_name_that_leads_inside_is_not_called(address: str) -> None:
    network = Network()
    caller = OutsideCaller(Reach(), resolve=names([address]), network=network)
    assert refusal_of(caller, "https://partner.example/") == "inside"
    assert network.dialled == []


def test_one_inner_address_among_others_spoils_the_name() -> None:
    network = Network()
    caller = OutsideCaller(Reach(), resolve=names([PUBLIC, "10.0.0.1"]), network=network)
    assert refusal_of(caller, "https://partner.example/") == "inside"
    assert network.dialled == []


def test_the_name_is_asked_for_once_and_the_checked_address_called() -> None:
    """A name server that says something public first and something private a moment later."""
    asked: list[str] = []
    answers = [[PUBLIC], ["127.0.0.1"]]

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    trust, tls = authority_for("partner.example")
    with server(says(OK), tls) as (port, heard):
        network = Network(port)
        caller = OutsideCaller(Reach(), resolve=resolve, network=network, tls=trust)
        assert caller.post("https://partner.example/hook", {"X-One": "1"}, b"{}") == 204
        assert asked == ["partner.example"]
        assert network.dialled == [(PUBLIC, 443)]
        assert heard[0].startswith(b"POST /hook HTTP/1.1\r\nHost: partner.example\r\n")
        # The next call looks anew, and sees the other face.
        assert refusal_of(caller, "https://partner.example/hook") == "inside"
        assert len(network.dialled) == 1


def test_the_certificate_must_be_the_names() -> None:
    trust, tls = authority_for("somebody.example")
    with server(says(OK), tls) as (port, heard):
        caller = OutsideCaller(Reach(), resolve=names([PUBLIC]), network=Network(port), tls=trust)
        assert refusal_of(caller, "https://partner.example/") == "tls"
    assert heard == []


def test_a_certificate_of_nobody_is_refused() -> None:
    _, tls = authority_for("partner.example")
    with server(says(OK), tls) as (port, heard):
        caller = OutsideCaller(Reach(), resolve=names([PUBLIC]), network=Network(port))
        assert refusal_of(caller, "https://partner.example/") == "tls"
    assert heard == []


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with server(says(OK)) as (inner_port, inner_heard):
        answer = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inner_port}/\r\n\r\n"
        with server(says(answer.encode())) as (port, heard):
            caller = OutsideCaller(Reach(loopback=True))
            assert caller.post(f"http://127.0.0.1:{port}/", {}, b"{}") == 302
        assert len(heard) == 1
        assert inner_heard == []


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(says(OK)) as (proxy, through_proxy), server(says(OK)) as (port, heard):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        assert OutsideCaller(Reach(loopback=True)).post(f"http://localhost:{port}/", {}, b"") == 204
        assert (len(through_proxy), len(heard)) == (0, 1)


def test_who_never_answers_is_late() -> None:
    with server(hang) as (port, _):
        began = time.monotonic()
        caller = OutsideCaller(Reach(loopback=True), total_s=0.5)
        assert refusal_of(caller, f"http://127.0.0.1:{port}/") == "late"
        assert time.monotonic() - began < 2


def test_who_answers_a_byte_at_a_time_is_late_as_well() -> None:
    def drip(connection: socket.socket) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1000:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    with server(drip) as (port, _):
        caller = OutsideCaller(Reach(loopback=True), total_s=0.5)
        assert refusal_of(caller, f"http://127.0.0.1:{port}/") == "late"


def test_a_body_without_end_is_left_unread() -> None:
    sent = threading.Event()

    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                connection.sendall(b"x" * 65536)
        except OSError:
            sent.set()

    with server(flood) as (port, _):
        caller = OutsideCaller(Reach(loopback=True))
        assert caller.post(f"http://127.0.0.1:{port}/", {}, b"{}") == 200
        assert sent.wait(5), "the connection was closed on the flood"


def test_who_hangs_up_has_not_answered() -> None:
    with server(lambda connection: None) as (port, _):
        caller = OutsideCaller(Reach(loopback=True))
        assert refusal_of(caller, f"http://127.0.0.1:{port}/") == "cut"


def test_nobody_there_and_no_such_name() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    assert refusal_of(OutsideCaller(Reach(loopback=True)), f"http://127.0.0.1:{port}/") == "connect"

    def nothing(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror("no such name")

    caller = OutsideCaller(Reach(), resolve=nothing, network=Network())
    assert refusal_of(caller, "https://partner.example/") == "name"


def test_the_second_address_is_tried_when_the_first_is_silent() -> None:
    class Half(Network):
        def connect_tcp(self, host: str, port: int, timeout: float | None = None, **_: Any) -> Any:
            if host == PUBLIC_6:
                self.dialled.append((host, port))
                raise httpcore.ConnectError("unreachable")
            return super().connect_tcp(host, port, timeout)

    trust, tls = authority_for("partner.example")
    with server(says(OK), tls) as (port, _):
        network = Half(port)
        caller = OutsideCaller(
            Reach(), resolve=names([PUBLIC_6, PUBLIC]), network=network, tls=trust
        )
        assert caller.post("https://partner.example/", {}, b"{}") == 204
    assert network.dialled == [(PUBLIC_6, 443), (PUBLIC, 443)]
