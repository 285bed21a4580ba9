"""The main path in a real browser, on a demo started as a user starts it: everything agrees.

After each purchase the page, the books and the receipt are compared with each other and with what
was there before. Amounts in pence, instants in London's time, as Alice sees them.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from dateutil.relativedelta import relativedelta
from playwright.sync_api import Page, expect

from tests.browser.conftest import LANGUAGES, Opened
from tests.browser.records import Buckets, Records, Standing
from tests.browser.watch import Watch, overflow_px
from tests.portal.test_receipt_pdf import shown

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONDON = ZoneInfo("Europe/London")
TRAVEL_SIM = "Van 3 tracker"
MONTH, MONTH_MINOR = "ts-europe-1m", 1900
PDF = "a[href$='receipt.pdf']"
# One line of each person, and what renews it by the provider's page.
BY_PROVIDER = {"alice": ("Two-step codes", "vn-us-1m"), "mei": ("普吉岛", "ce-th-1m")}
WIDTHS = (390, 1280)
CROWDED = ("/buy/", "/messages/", "/wallet/", "/account/", "/account/notices/")


def pounds(amount_minor: int) -> str:
    return f"£{amount_minor // 100}.{amount_minor % 100:02}"


def told(at: datetime, clock: str = ", %H:%M") -> str:
    local = at.astimezone(LONDON)
    return f"{local.day} {local:%B %Y}{local.strftime(clock)}"


def told_buckets(left: Buckets) -> dict[str, str]:
    return {
        "Data": f"{left.data_bytes / 10**9:.1f}".removesuffix(".0") + " GB",
        "Calls": f"{left.voice_seconds // 60} min",
        "Messages": f"{left.sms_count} SMS",
    }


def facts(page: Page) -> dict[str, str]:
    """What stands in the page's lists of facts: name -> value."""
    rows = page.locator("dl.facts > div")
    return {
        rows.nth(i).locator("dt").inner_text(): rows.nth(i).locator("dd").inner_text()
        for i in range(rows.count())
    }


def compared(page: Page) -> dict[str, tuple[str, str]]:
    """The proof's before and after: name -> (before, after)."""
    found = {}
    for row in page.locator(".compare-row").all():
        before, _arrow, after = row.locator(".compare > span").all_inner_texts()
        found[row.locator(".soft.small").inner_text()] = (before, after)
    return found


def order_form(page: Page, label: str, plan: str) -> None:
    """From "my lines" to the whole order, by clicking."""
    page.goto("/")
    page.locator(".line-card", has_text=label).locator("a.btn").click()
    page.check(f"main [name=plan][value='{plan}']")
    page.click("main form button")
    page.wait_for_url(f"**/renew/*plan={plan}*")


def pay_order(page: Page, way: str) -> None:
    page.check(f"[name=pay][value='{way}']")
    page.click("main form button")


def proof_of(page: Page) -> UUID:
    """The order whose page this is, once its receipt is there."""
    page.wait_for_selector(PDF)
    found = re.search(r"/orders/([0-9a-f-]{36})/", page.url)
    assert found, page.url
    return UUID(found[1])


@contextmanager
def a_month_more(records: Records, wallet_pays: bool) -> Iterator[Standing]:
    """Around the renewal of the travel SIM: the line and its wallet are then as they should be."""
    line_id, plan = records.line(TRAVEL_SIM), records.plan(MONTH)
    before = records.standing(line_id)
    yield before
    assert records.standing(line_id) == Standing(
        valid_until=before.valid_until.astimezone(LONDON) + relativedelta(months=1),
        buckets=before.buckets.plus(Buckets(plan.data_bytes, plan.voice_seconds, plan.sms_count)),
        free_minor=before.free_minor - (MONTH_MINOR if wallet_pays else 0),
    )


def renewal_agrees(page: Page, records: Records, before: Standing, wallet_pays: bool) -> None:
    """The proof on `page`, the order, the movements, the receipt, the line's and wallet's page."""
    order_id, line_id = proof_of(page), records.line(TRAVEL_SIM)
    after, order = records.standing(line_id), records.order(order_id)
    wallet_minor = MONTH_MINOR if wallet_pays else 0
    assert (order.state, order.line_id, order.kind) == ("completed", line_id, "renewal")
    assert (order.valid_until_before, order.valid_until_after) == (
        before.valid_until,
        after.valid_until,
    )
    assert (order.total_minor, order.wallet_minor) == (MONTH_MINOR, wallet_minor)
    assert order.payment_minor == MONTH_MINOR - wallet_minor
    assert records.through_wallet_minor(order_id, order.wallet_id) == -wallet_minor

    was, now = told_buckets(before.buckets), told_buckets(after.buckets)
    dates = {"Valid until": (told(before.valid_until), told(after.valid_until))}
    assert compared(page) == dates | {name: (was[name], now[name]) for name in was}
    paid = {"From the wallet" if wallet_pays else "At the checkout": pounds(MONTH_MINOR)}
    seen = facts(page)
    assert seen.items() >= (paid | {"Taken": pounds(MONTH_MINOR), "Network": "Confirmed"}).items()
    assert ("From the wallet" in seen) is wallet_pays
    receipt = receipt_agrees(page, order)
    assert receipt["Valid until, before"] == told(before.valid_until)
    assert receipt["Valid until, after"].startswith(told(after.valid_until))
    assert receipt.items() >= paid.items()

    page.goto(f"/lines/{line_id}/")
    line = facts(page)
    assert (line["Valid until"], line["Wallet"]) == (
        told(after.valid_until),
        pounds(after.free_minor),
    )
    assert f"Valid until {told(after.valid_until, '')}" in page.inner_text(".history li >> nth=0")
    wallet_agrees(page, after.free_minor, f"−{pounds(MONTH_MINOR)}" if wallet_pays else None)
    ledger_agrees(records)


def receipt_agrees(page: Page, order: Any) -> dict[str, str]:
    """Page and PDF bear the order's number and total; leaves `page` on the receipt."""
    assert facts(page)["Receipt"] == str(order.receipt_number)
    page.click("a[href$='/receipt/']")
    expect(page.locator("h1")).to_have_text(f"Receipt {order.receipt_number}")
    receipt = facts(page)
    assert receipt["Total"] == pounds(order.total_minor)
    assert receipt["Date"] == told(order.completed_at)
    assert str(order.id) in page.inner_text("article")
    answer = page.request.get(str(page.get_attribute(PDF, "href")))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    drawn = b"\n".join(shown(answer.body())).decode("latin-1")
    for fact in (str(order.receipt_number), pounds(order.total_minor), str(order.id)):
        assert fact in drawn
    return receipt


def wallet_agrees(page: Page, free_minor: int, newest: str | None) -> None:
    """The wallet's page: its balance, and its newest movement when there should be one."""
    page.goto("/wallet/")
    assert page.inner_text(".wallet-top .figure") == pounds(free_minor)
    row = page.locator(".statement tbody tr").first
    assert row.locator("td").last.inner_text() == pounds(free_minor)
    if newest:
        assert row.locator("td.amount").first.inner_text() == newest


def ledger_agrees(records: Records) -> None:
    done = records.check_ledger()
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_a_renewal_from_the_wallet(javascript: bool, holder: Opened, records: Records) -> None:
    page = holder(javascript=javascript)
    with a_month_more(records, wallet_pays=True) as before:
        order_form(page, TRAVEL_SIM, MONTH)
        expect(page.locator(".pay form button")).to_have_text(f"Pay {pounds(MONTH_MINOR)}")
        pay_order(page, "only:")
        proof_of(page)
    renewal_agrees(page, records, before, wallet_pays=True)


def test_a_renewal_on_the_providers_page(holder: Opened, records: Records) -> None:
    page = holder()
    with a_month_more(records, wallet_pays=False) as before:
        order_form(page, TRAVEL_SIM, MONTH)
        pay_order(page, "none:sandbox")
        page.wait_for_url("**/checkout/sbx_*")
        assert not page.url.startswith(records.address), "the provider is another site"
        assert pounds(MONTH_MINOR) in page.inner_text("main")
        page.click("button[value=pay]")
        proof_of(page)
        assert page.url.startswith(records.address)
    renewal_agrees(page, records, before, wallet_pays=False)


def test_money_into_the_wallet(holder: Opened, records: Records) -> None:
    page, wallet_id = holder(), records.wallet_of(records.line(TRAVEL_SIM))
    line = records.standing(records.line(TRAVEL_SIM))
    page.goto("/wallet/")
    page.fill("[name=other]", "23.45")
    page.click("#top-up button")
    page.click("button[value=pay]")
    order_id = proof_of(page)
    order = records.order(order_id)
    assert (order.kind, order.state) == ("top_up", "completed")
    assert (order.total_minor, order.payment_minor, order.wallet_minor) == (2345, 2345, 0)
    assert records.through_wallet_minor(order_id, wallet_id) == 2345
    expected = replace(line, free_minor=line.free_minor + 2345)
    assert records.standing(records.line(TRAVEL_SIM)) == expected
    assert facts(page).items() >= {"At the checkout": "£23.45", "Taken": "£23.45"}.items()
    receipt_agrees(page, order)
    wallet_agrees(page, expected.free_minor, "+£23.45")
    ledger_agrees(records)


def fits(page: Page) -> None:
    """At both widths, and the language is the one that was asked for."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert overflow_px(page) == 0, f"{page.url} at {width} px"


@pytest.mark.parametrize("name", ["alice", "mei"])
def test_no_page_scrolls_sideways(
    name: str, visitor: Opened, holder: Opened, records: Records
) -> None:
    """Every page of the main path; `watch` sees to it that none complains either."""
    entrance, tag = visitor(LANGUAGES[name]), {"alice": "en", "mei": "zh-Hans"}[name]
    entrance.goto("/accounts/login/")
    assert entrance.get_attribute("html", "lang") == tag
    fits(entrance)
    page = holder(name)
    fits(page)
    label, plan = BY_PROVIDER[name]
    page.locator(".line-card", has_text=label).locator(".cover").click()
    page.wait_for_url("**/lines/*/")
    assert page.get_attribute("html", "lang") == tag
    for fold in page.locator("main details > summary").all():
        fold.click()
    fits(page)
    page.locator("main a.btn[href*='/renew/']").first.click()
    page.wait_for_url("**/renew/*")
    fits(page)
    order_form(page, label, plan)
    fits(page)
    pay_order(page, "none:sandbox")
    page.wait_for_url("**/checkout/sbx_*")
    assert page.get_attribute("html", "lang") == tag
    fits(page)
    checkout = page.url
    order = records.newest_order()
    assert order.state == "acknowledged", "not paid yet"
    page.goto(f"{records.address}/orders/{order.id}/")
    fits(page)
    page.goto(checkout)
    page.click("button[value=pay]")
    assert proof_of(page) == order.id
    fits(page)
    for address in (f"/orders/{order.id}/receipt/", "/wallet/", "/account/"):
        page.goto(records.address + address)
        assert page.get_attribute("html", "lang") == tag
        fits(page)


def speak(page: Page, language: str) -> None:
    page.click(f".languages button[value={language}]")
    expect(page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_long_words_fit(language: str, holder: Opened, records: Records) -> None:
    """Their words are the longest: the pages with the most of them, by the switch in the foot."""
    page = holder()
    line = page.locator(".line-card", has_text=TRAVEL_SIM).locator(".cover").get_attribute("href")
    speak(page, language)
    try:
        for address in ("/", str(line), f"{line}renew/", f"{line}auto-renew/", *CROWDED):
            page.goto(records.address + address)
            assert page.get_attribute("html", "lang") == language
            fits(page)
    finally:
        speak(page, "en")


def test_what_is_too_wide_or_forbidden_would_be_seen(visitor: Opened, watch: Watch) -> None:
    page = visitor()
    page.goto("/accounts/login/")
    assert (overflow_px(page), watch.troubles) == (0, [])
    page.evaluate(
        """() => {
          const wide = document.createElement("hr");
          wide.style.width = "3000px";
          document.querySelector("main").append(wide);
          const inline = document.createElement("script");
          inline.textContent = "document.title = 'ran'";
          document.head.append(inline);
        }"""
    )
    page.wait_for_timeout(200)
    assert overflow_px(page) > 1000
    assert page.title() != "ran"
    assert any("policy: script-src" in trouble for trouble in watch.troubles)
    watch.troubles.clear()
