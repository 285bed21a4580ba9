"""The bridge's adapter believes plain answers only, and no secret is in what it says of others."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

import pytest

from keepline.gateways.porting.bridge.adapter import BridgedHouse
from keepline.gateways.porting.port import PortingUnknown, PortRequest
from tests.gateways.porting_process import porting_process

PORT_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
GOOD = {
    "id": str(PORT_ID),
    "number": "+447700900123",
    "donor": "elsewhere",
    "recipient": "keepline",
    "state": "scheduled",
    "reason": "",
    "cut_over_at": "2026-03-10T12:00:00+01:00",
}


class Odd:
    """Answers whatever a test puts into it."""

    def __init__(self) -> None:
        self.status, self.body, self.heard = 200, b"", list[tuple[str, str, str]]()
        odd = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                key = self.headers.get("authorization") or ""
                odd.heard.append((f"{self.command} {self.path}", key, str(self.rfile.read(length))))
                self.send_response(odd.status)
                self.send_header("content-length", str(len(odd.body)))
                self.end_headers()
                self.wfile.write(odd.body)

            do_PUT = do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def says(self, content: object, status: int = 200) -> BridgedHouse:
        self.status = status
        self.body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return BridgedHouse(f"http://127.0.0.1:{self.server.server_address[1]}", "the key", 2)


@pytest.fixture
def odd() -> Iterator[Odd]:
    found = Odd()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_a_good_answer(odd: Odd) -> None:
    found = odd.says(GOOD).ask(PORT_ID)
    assert (found.state, found.e164, found.donor) == ("scheduled", 447700900123, "elsewhere")
    assert found.cut_over_at is not None
    assert found.cut_over_at.isoformat() == "2026-03-10T11:00:00+00:00"
    assert odd.heard == [(f"GET /v1/ports/{PORT_ID}", "Bearer the key", "b''")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "pondering"},
        {"state": "rejected"},
        {"state": "rejected", "reason": "because"},
        {"reason": "code_refused"},
        {"cut_over_at": ""},
        {"cut_over_at": "2026-03-10T12:00:00"},
        {"cut_over_at": "soon"},
        {"id": "01890a5d-ac96-774b-bcce-b302099a8058"},
        {"id": "ours"},
        {"number": "447700900123"},
        {"number": "+44770090012x"},
        {"number": 447700900123},
        {"donor": "\x00"},
    ],
)
def test_whatever_is_not_plain_is_unknown(odd: Odd, wrong: dict[str, object]) -> None:
    with pytest.raises(PortingUnknown):
        odd.says(GOOD | wrong).ask(PORT_ID)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 200),
        (b"[]", 200),
        (b"{", 200),
        (b"<html>", 404),
        (GOOD, 500),
        (GOOD, 302),
        (GOOD, 401),
        (b"{" + b" " * 300_000, 200),
    ],
)
def test_other_answers_are_unknown(odd: Odd, body: object, status: int) -> None:
    with pytest.raises(PortingUnknown):
        odd.says(body, status).ask(PORT_ID)
    with pytest.raises(PortingUnknown):
        odd.says(body, status).requests()


def test_an_answer_about_another_number_is_unknown(odd: Odd) -> None:
    with pytest.raises(PortingUnknown):
        odd.says(GOOD).request(PortRequest(PORT_ID, 447700900999, "SECRET-CODE"))


def test_one_unreadable_request_hides_no_secret_in_its_complaint(odd: Odd) -> None:
    rows = [GOOD | {"state": "requested", "cut_over_at": "", "code": "SECRET\x00CODE"}]
    with pytest.raises(PortingUnknown) as unknown:
        odd.says({"ports": rows}).requests()
    assert "SECRET" not in str(unknown.value)
    assert odd.says(GOOD, 401).complaints() == [
        "no sensible answer (it does not take KEEPLINE_PORTING_KEY)"
    ]


def test_nobody_answers() -> None:
    house = BridgedHouse("http://127.0.0.1:1", "the key", 1)
    assert house.complaints() == ["no sensible answer (ConnectError)"]


def test_the_fake_lets_numbers_go_to_whoever_has_their_code(tmp_path: Path) -> None:
    with porting_process(tmp_path) as fake:
        fake.behave(notice_s=0)
        fake.enter(447700900123, code="ABC123456", holder="Ada Lovelace")
        house, wrong = fake.adapter(), UUID(int=PORT_ID.int + 1)
        for code, holder in (("ABC123457", "Ada Lovelace"), ("ABC123456", "Eve")):
            wrong = UUID(int=wrong.int + 1)
            refused = house.request(PortRequest(wrong, 447700900123, code, holder))
            assert (refused.state, refused.reason) == ("rejected", "code_refused")
        asked = PortRequest(PORT_ID, 447700900123, "ABC123456", "Ada Lovelace")
        assert house.request(asked).state == "scheduled"
        fake.end()  # it remembers
        fake.start()
        assert house.cut_over(PORT_ID).state == "ported"
        assert fake.owner(447700900123) == "keepline"
        asked_back = fake.call("POST", "/ports", number="+447700900123", code="ours").json()
        (request,) = house.requests()
        assert (str(request.porting.port_id), request.code) == (asked_back["id"], "ours")
        fake.behave(mode="odd", times=1)
        with pytest.raises(PortingUnknown):
            house.ask(PORT_ID)
        assert fake.call("PUT", "/behaviour", mode="friendly").status_code == 422
