"""A message that comes in, through an SMSC or by signed HTTP, appears in the open page of a real
browser within a second; with its code when asked for, and not for longer than its reader may read.

The SMSC is npm's `smpp`; the worker that it hands messages to is the demo's own process."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect
from standardwebhooks import Webhook

from tests.browser.conftest import SMS_SECRET, Opened
from tests.browser.records import Records
from tests.browser.watch import overflow_px
from tests.gateways.smsc_process import SmscProcess, smsc_process

pytestmark = [pytest.mark.browser, pytest.mark.smsc, pytest.mark.slow]
SOON_MS, WAITS_MS = 1000, 15_000
ALICES, MEIS = "+12025550177", "+12025550143"
WIDTHS = (390, 1280)
# Made in the page itself, so that no round trip of the test is counted.
SEEN = """(words) => new Promise((tell) => {
  const look = () => {
    const all = [...document.querySelectorAll("article")];
    if (all.some((each) => each.textContent.includes(words))) tell(Date.now());
    else requestAnimationFrame(look);
  };
  look();
})"""
_ids = count(1)
WORKERS = 1  # of a demo; each has a session at the SMSC
TAKEN = 0  # ESME_ROK
ALPHANUMERIC = 5  # type of number
UCS2 = 8
CODE = re.compile("448.?291")  # ids have any three digits


@pytest.fixture(scope="module")
def smsc() -> Iterator[SmscProcess]:
    with smsc_process() as process:
        yield process


@pytest.fixture(scope="module")
def demo_settings(smsc: SmscProcess) -> Mapping[str, str]:
    return {"KEEPLINE_SMS_URL": smsc.url()}


def comes(records: Records, to: str, text: str, sender: str = "Larkmail") -> float:
    """By signed HTTP, as from an SMS gateway; when it was sent (Unix seconds)."""
    body = json.dumps(
        {
            "type": "message.received",
            "data": {
                "id": f"browser-{uuid4()}-{next(_ids)}",
                "to": to,
                "from": sender,
                "text": text,
            },
        }
    )
    name, now = f"msg_{uuid4().hex}", datetime.now(UTC)
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SMS_SECRET).sign(name, now, body),
        "content-type": "application/json",
    }
    began_s = time.time()
    answer = httpx.post(f"{records.address}/webhooks/sms/", content=body, headers=headers)
    assert answer.status_code == 204, answer.text
    return began_s


def opened(page: Page, address: str = "/messages/") -> Page:
    """Its stream is open."""
    page.goto(address)
    expect(page.locator("#live-state")).not_to_be_empty(timeout=WAITS_MS)
    return page


def test_it_appears_within_a_second(holder: Opened, records: Records) -> None:
    page = opened(holder())
    took_ms = []
    for number in range(5):
        words = f"parcel {number} of {uuid4().hex[:6]}"
        began_s = comes(records, ALICES, words)
        seen_ms = page.evaluate(SEEN, words)
        took_ms.append(seen_ms - began_s * 1000)
    assert sorted(took_ms)[2] < SOON_MS, took_ms
    assert page.locator("article").first.locator("h2").inner_text() == "Larkmail"


def test_through_the_smsc_it_appears_within_a_second(holder: Opened, smsc: SmscProcess) -> None:
    page = opened(holder())
    smsc.wait_for(WORKERS)
    took_ms = []
    for number in range(5):
        words = f"parcel {number} over SMPP {uuid4().hex[:6]}"
        began_s = time.time()
        status = smsc.deliver("Larkmail", ALICES[1:], text=words, source_addr_ton=ALPHANUMERIC)
        assert status == TAKEN
        seen_ms = page.evaluate(SEEN, words)
        took_ms.append(seen_ms - began_s * 1000)
    assert sorted(took_ms)[2] < SOON_MS, took_ms
    assert page.locator("article").first.locator("h2").inner_text() == "Larkmail"


def test_parts_that_the_smsc_brings_in_any_order_appear_as_one(
    holder: Opened, smsc: SmscProcess
) -> None:
    page = opened(holder("mei"))
    smsc.wait_for(WORKERS)
    own = uuid4().hex[:6]
    first, last = f"包裹{own}已到，", "请在今天取走。🎉"
    for place, text in ((2, last), (1, first)):
        header = f"0500032a02{place:02x}"
        status = smsc.deliver("8613800138000", MEIS[1:], text=text, data_coding=UCS2, udh=header)
        assert status == TAKEN
    message = page.locator("article", has_text=own)
    expect(message).to_contain_text(first + last)
    expect(page.locator("article", has_text="请在今天取走")).to_have_count(1)


def test_the_code_is_shown_when_asked_for_and_copied(holder: Opened, records: Records) -> None:
    page = opened(holder())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    comes(records, ALICES, "Harbour: 448 291 is your verification code")
    message = page.locator("article", has_text="Harbour: ••••••• is your").first
    expect(message).to_be_visible()
    assert not CODE.search(page.content())
    message.get_by_role("button", name="Show the code").click()
    expect(page.locator(".message-code output")).to_have_text("448291")
    page.get_by_role("button", name="Copy code").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "448291"
    page.get_by_role("link", name="Hide it").click()
    expect(page.locator(".message-code")).to_have_count(0)
    assert not CODE.search(page.content())


def test_found_and_erased(holder: Opened, records: Records) -> None:
    page = opened(holder())
    words = f"Gartenzaun {uuid4().hex[:6]}"
    comes(records, ALICES, words)
    page.get_by_role("searchbox").fill(words.upper())
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("1 message found.")).to_be_visible()
    assert page.url.endswith("/messages/")
    message = page.locator("article", has_text=words)
    message.get_by_text("Erase", exact=True).click()
    message.get_by_role("button", name="Erase it for good").click()
    expect(page.locator("article")).to_have_count(0)
    page.goto("/messages/")
    expect(page.locator("article", has_text=words)).to_have_count(0)


def test_it_ends_with_the_session(holder: Opened) -> None:
    page = opened(holder())
    other = page.context.new_page()
    other.goto("/accounts/logout/")
    other.locator("main form button").first.click()
    page.wait_for_url("**/accounts/login/**", timeout=WAITS_MS)


def test_other_peoples_pages_stay_as_they_are(holder: Opened, records: Records) -> None:
    alices, meis = opened(holder("alice")), opened(holder("mei"))
    words = f"只给梅 {uuid4().hex[:6]}"
    comes(records, MEIS, words)
    expect(meis.locator("article", has_text=words)).to_be_visible()
    expect(alices.locator("article", has_text=words)).to_have_count(0)


def test_without_script_it_is_a_reload_away(holder: Opened, records: Records) -> None:
    page = holder(javascript=False)
    page.goto("/messages/")
    words = f"plain {uuid4().hex[:6]}"
    comes(records, ALICES, f"{words} code 771204")
    page.get_by_role("link", name="Look for new messages").click()
    message = page.locator("article", has_text=words)
    message.get_by_role("button", name="Show the code").click()
    expect(page.locator(".message-code output")).to_have_text("771204")


@pytest.mark.parametrize("who", ["alice", "mei"])
def test_it_fits(who: str, holder: Opened) -> None:
    page = opened(holder(who))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert overflow_px(page) == 0
