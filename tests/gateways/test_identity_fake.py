"""The fake identity provider's page, and what it tells by itself; answers that are not plain."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from keepline.gateways.bridging import Unreadable
from keepline.gateways.identity.bridge.adapter import BridgedChecker
from keepline.gateways.identity.bridge.fake.pages import WORDS, page, words_in
from keepline.gateways.identity.bridge.wire import check_of
from keepline.gateways.identity.port import Check, CheckRequest, IdentityUnknown
from keepline.gateways.loopback import LOOPBACK
from tests.gateways.identity_process import KEY, identity_process
from tests.identity import SECRET, SIGNER

BACK = "http://localhost:8000/account/identity/back/"
CHECK_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
GOOD: dict[str, Any] = {
    "id": str(CHECK_ID),
    "result": "pending",
    "page_url": "https://id.example/c/1",
    "reason": "",
    "country": "",
    "of_age": None,
}


@pytest.fixture
def heard() -> Iterator[list[tuple[dict[str, str], bytes]]]:
    """What is told to a program of ours; its address is in the first."""
    found: list[tuple[dict[str, str], bytes]] = []

    class Ears(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.append(({name.lower(): text for name, text in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ears)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    found.append(({"url": f"http://127.0.0.1:{server.server_address[1]}/"}, b""))
    yield found
    server.shutdown()
    server.server_close()


def test_whoever_sits_there_decides_and_it_is_told(
    heard: list[tuple[dict[str, str], bytes]], tmp_path: Path
) -> None:
    with identity_process(tmp_path, heard[0][0]["url"]) as fake:
        checker, check_id = fake.adapter(), uuid4()
        page_url = checker.start(CheckRequest(check_id, BACK, "zh-hans")).page_url
        assert "模拟身份核验" in httpx.get(page_url, **LOOPBACK).text
        unknown = f"{fake.url}/checks/{uuid4()}"
        assert httpx.get(unknown, **LOOPBACK).status_code == 404
        odd = httpx.post(page_url, data={"choice": "perhaps"}, **LOOPBACK)
        assert (odd.status_code, checker.ask(check_id).result) == (400, "pending")
        gone_back = httpx.post(page_url, data={"choice": "verified"}, **LOOPBACK)
        assert (gone_back.status_code, gone_back.headers["location"]) == (303, BACK)
        (headers, body) = heard[1]
        told = json.loads(body)
        assert check_of(told) == Check(check_id, "verified", country="GB", of_age=True)
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        assert SIGNER.believed(headers, body, at).text == body.decode()
        again = httpx.post(page_url, data={"choice": "too_young"}, **LOOPBACK)
        assert BACK in again.text
        assert checker.ask(check_id).result == "verified"
        fake.end()  # it remembers
        fake.start()
        assert checker.ask(check_id).result == "verified"


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("zh-hans", "zh"), ("ru", "ru"), ("uk-UA", "uk"), ("fr", "en"), ("", "en")],
)
def test_its_page_is_in_the_holders_language(asked: str, spoken: str) -> None:
    assert words_in(asked) == (spoken, WORDS[spoken])
    assert WORDS[spoken].keys() == WORDS["en"].keys()
    assert WORDS[spoken]["unreadable"] in page("one", asked)


def test_a_wrong_key_opens_nothing(tmp_path: Path) -> None:
    with identity_process(tmp_path) as fake:
        other = BridgedChecker(fake.url, f"{KEY}!", [SECRET], 2)
        assert other.complaints() == ["no sensible answer (it does not take KEEPLINE_IDENTITY_KEY)"]
        fake.behave(mode="odd", times=1)
        with pytest.raises(IdentityUnknown):
            fake.adapter().ask(uuid4())


@pytest.mark.parametrize(
    "wrong",
    [
        {"result": "pondering"},
        {"result": "verified"},  # nobody goes anywhere any more
        {"result": "refused", "page_url": ""},
        {"result": "refused", "page_url": "", "reason": "because"},
        {"reason": "unreadable"},
        {"page_url": ""},
        {"page_url": "http://id.example/c/1"},
        {"page_url": "javascript:alert(1)"},
        {"page_url": "https:///c/1"},
        {"page_url": "https://[/c"},
        {"country": "gb"},
        {"country": "GBR"},
        {"of_age": 1},
        {"of_age": "yes"},
        {"id": "ours"},
        {"id": None},
    ],
)
def test_whatever_is_not_plain_is_not_read(wrong: dict[str, object]) -> None:
    assert check_of(GOOD).result == "pending"
    with pytest.raises(Unreadable):
        check_of(GOOD | wrong)
