"""The hosted pages in a real Chromium: without script, in two languages, under their CSP."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.payments.port import PaymentRequest, StoringRequest, StoringStatus
from keepline.gateways.payments.sandbox.provider.cards import CARDS
from keepline.gateways.payments.sandbox.provider.magic import MAGIC_AMOUNTS
from keepline.gateways.payments.sandbox.provider.words import LANGUAGES, WORDS, language_of
from tests.gateways.contract_payments import a_request
from tests.gateways.contract_stored import a_storing
from tests.gateways.inbox import Inbox
from tests.gateways.sandbox_process import SandboxProcess

pytestmark = pytest.mark.browser
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A phone without script. Anything that the policy blocks fails the test."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    yield page
    context.close()
    assert [text for text in said if "Content Security Policy" in text] == []


def opened(
    sandbox: SandboxProcess, inbox: Inbox, language: str = "en", amount_minor: int = 1999
) -> tuple[PaymentRequest, str]:
    """A payment that returns to the inbox, and the address of its checkout."""
    plain = a_request(amount_minor)
    request = PaymentRequest(
        payment_id=plain.payment_id,
        order_id=plain.order_id,
        amount_minor=plain.amount_minor,
        currency=plain.currency,
        description="<b>Japan</b> & 10 GB",
        return_url=f"{inbox.url}/return?order=7",
        cancel_url=f"{inbox.url}/cancel",
        holder_language=language,
    )
    return request, sandbox.adapter().open_payment(request).checkout_url


def status(sandbox: SandboxProcess, payment_id: UUID) -> tuple[str, str]:
    """(status, decline code)."""
    found = sandbox.adapter().ask(payment_id, None)
    return found.status, found.decline_code


def press(page: Page, action: str) -> None:
    page.click(f"button[value={action}]")


def test_pay_leads_back_with_the_payment(sandbox: SandboxProcess, inbox: Inbox, page: Page) -> None:
    request, address = opened(sandbox, inbox)
    page.goto(address)
    expect(page.locator("body")).to_contain_text("No real money moves here")
    expect(page.locator("body")).to_contain_text("Harbour eSIM")
    expect(page.locator("dd").first).to_have_text("<b>Japan</b> & 10 GB")
    expect(page.locator("button[value=pay]")).to_have_text("Pay €19.99")
    press(page, "pay")
    assert page.url == f"{inbox.url}/return?order=7&payment={request.payment_id}"
    assert status(sandbox, request.payment_id) == ("captured", "")


def test_decline(sandbox: SandboxProcess, inbox: Inbox, page: Page) -> None:
    request, address = opened(sandbox, inbox)
    page.goto(address)
    press(page, "decline")
    assert page.url.startswith(f"{inbox.url}/return")
    assert status(sandbox, request.payment_id) == ("declined", "card_declined")


def test_cancel_leads_to_the_cancel_address(
    sandbox: SandboxProcess, inbox: Inbox, page: Page
) -> None:
    request, address = opened(sandbox, inbox)
    page.goto(address)
    press(page, "cancel")
    assert page.url == f"{inbox.url}/cancel?payment={request.payment_id}"
    assert status(sandbox, request.payment_id) == ("expired", "")


@pytest.mark.parametrize(
    ("action", "end"),
    [("approve", ("captured", "")), ("refuse", ("declined", "authentication_failed"))],
)
def test_approval_is_a_page_of_its_own(
    sandbox: SandboxProcess, inbox: Inbox, page: Page, action: str, end: tuple[str, str]
) -> None:
    request, address = opened(sandbox, inbox)
    page.goto(address)
    press(page, "approval")
    assert page.url.endswith("/approval")
    assert status(sandbox, request.payment_id) == ("pending", "")
    press(page, action)
    assert page.url.startswith(f"{inbox.url}/return")
    assert status(sandbox, request.payment_id) == end


def test_magic_amount_always_asks_for_approval(
    sandbox: SandboxProcess, inbox: Inbox, page: Page
) -> None:
    request, address = opened(sandbox, inbox, amount_minor=66603)
    page.goto(address)
    press(page, "pay")
    assert page.url.endswith("/approval")
    assert status(sandbox, request.payment_id) == ("pending", "")


def test_no_return_and_lost_webhook(sandbox: SandboxProcess, inbox: Inbox, page: Page) -> None:
    request, address = opened(sandbox, inbox)
    page.goto(address)
    page.click("summary")
    page.check("input[name=lost]")
    page.check("input[name=no_return]")
    press(page, "pay")
    assert page.url == address
    expect(page.locator("h2")).to_have_text("Paid")
    assert page.locator("a.button").count() == 0
    assert status(sandbox, request.payment_id) == ("captured", "")
    assert [row["state"] for row in sandbox.deliveries(request.payment_id)] == ["lost"]
    assert inbox.returns == []


def test_delay_and_copies_from_the_form(sandbox: SandboxProcess, inbox: Inbox, page: Page) -> None:
    request, address = opened(sandbox, inbox)
    page.goto(address)
    page.click("summary")
    page.fill("input[name=delay]", "3600")
    page.fill("input[name=copies]", "3")
    press(page, "pay")
    assert [row["state"] for row in sandbox.deliveries(request.payment_id)] == ["waiting"] * 3


def test_second_visit_shows_the_end(sandbox: SandboxProcess, inbox: Inbox, page: Page) -> None:
    request, address = opened(sandbox, inbox)
    sandbox.simulate(request.payment_id, "declined")
    page.goto(address)
    expect(page.locator("h2")).to_have_text("The payment was declined")
    page.click("a.button")
    assert page.url.startswith(f"{inbox.url}/return")


def test_second_click_pays_once(sandbox: SandboxProcess, inbox: Inbox) -> None:
    request, address = opened(sandbox, inbox)
    for action in ("pay", "pay", "decline", "cancel"):
        answer = httpx.post(address, data={"action": action}, **LOOPBACK)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"{inbox.url}/return")
    assert status(sandbox, request.payment_id) == ("captured", "")
    assert len(sandbox.deliveries(request.payment_id)) == 1


def test_chinese_by_payment_and_english_by_wish(
    sandbox: SandboxProcess, inbox: Inbox, page: Page
) -> None:
    _, address = opened(sandbox, inbox, "zh-Hans")
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("button[value=pay]")).to_have_text("支付 €19.99")
    page.click("nav a")
    expect(page.locator("button[value=pay]")).to_have_text("Pay €19.99")
    press(page, "approval")
    expect(page.locator("h2")).to_have_text("Approve this payment")  # the wish is kept


@pytest.mark.parametrize("form", ["action=pay&delay=x", "action=pay&copies=51", "action=", "\xff="])
def test_senseless_form_changes_nothing(sandbox: SandboxProcess, inbox: Inbox, form: str) -> None:
    request, address = opened(sandbox, inbox)
    answer = httpx.post(address, content=form.encode("latin-1"), **LOOPBACK)
    assert answer.status_code == 400
    assert status(sandbox, request.payment_id) == ("pending", "")


def test_only_the_providers_id_opens_the_page(sandbox: SandboxProcess, inbox: Inbox) -> None:
    request, address = opened(sandbox, inbox)
    for wrong in (str(request.payment_id), "sbx_0"):
        guessed = re.sub(r"[^/]+$", wrong, address)
        assert httpx.get(guessed, **LOOPBACK).status_code == 404
        assert httpx.post(guessed, data={"action": "pay"}, **LOOPBACK).status_code == 404
    assert status(sandbox, request.payment_id) == ("pending", "")


def test_policy_is_strict(sandbox: SandboxProcess, inbox: Inbox) -> None:
    _, address = opened(sandbox, inbox)
    answer = httpx.get(address, **LOOPBACK)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert f"form-action 'self' {inbox.url}" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text)


def storing_opened(
    sandbox: SandboxProcess, inbox: Inbox, language: str = "en"
) -> tuple[StoringRequest, str]:
    """A storing that returns to the inbox, and the address of its page."""
    request = replace(
        a_storing(),
        return_url=f"{inbox.url}/return?method=7",
        cancel_url=f"{inbox.url}/cancel",
        holder_language=language,
    )
    return request, sandbox.adapter().open_storing(request).checkout_url


def storing_status(sandbox: SandboxProcess, request: StoringRequest) -> StoringStatus:
    return sandbox.adapter().ask_storing(request.storing_id, None)


def test_keep_leads_back_with_the_storing(
    sandbox: SandboxProcess, inbox: Inbox, page: Page
) -> None:
    request, address = storing_opened(sandbox, inbox)
    page.goto(address)
    expect(page.locator("body")).to_contain_text("Nothing is taken now")
    page.check("input[value='0002']")
    press(page, "keep")
    assert page.url == f"{inbox.url}/return?method=7&storing={request.storing_id}"
    method = storing_status(sandbox, request).method
    assert method is not None
    assert method.label == "Test card 0002"


def test_keep_can_be_declined_or_left(sandbox: SandboxProcess, inbox: Inbox, page: Page) -> None:
    ends = {"decline": ("/return", "declined"), "cancel": ("/cancel", "expired")}
    for action, (place, end) in ends.items():
        request, address = storing_opened(sandbox, inbox)
        page.goto(address)
        press(page, action)
        assert page.url.startswith(f"{inbox.url}{place}")
        assert storing_status(sandbox, request).status == end


def test_keep_is_kept_once(sandbox: SandboxProcess, inbox: Inbox) -> None:
    request, address = storing_opened(sandbox, inbox)
    httpx.post(address, data={"action": "keep", "card": "0001"}, **LOOPBACK)
    first = storing_status(sandbox, request)
    for form in ({"action": "keep", "card": "0000"}, {"action": "cancel"}):
        answer = httpx.post(address, data=form, **LOOPBACK)
        assert answer.headers["location"].startswith(f"{inbox.url}/return")
    assert storing_status(sandbox, request) == first


def test_kept_page_shows_the_end_in_chinese(
    sandbox: SandboxProcess, inbox: Inbox, page: Page
) -> None:
    _, address = storing_opened(sandbox, inbox, "zh-Hans")
    page.goto(address)
    expect(page.locator("button[value=keep]")).to_have_text("保存此付款方式")
    press(page, "keep")
    page.goto(address)
    expect(page.locator("h2")).to_have_text("已保存")
    page.click("a.button")
    assert page.url.startswith(f"{inbox.url}/return")


@pytest.mark.parametrize("form", ["action=keep", "action=keep&card=9999", "action=", "\xff="])
def test_senseless_keeping_keeps_nothing(sandbox: SandboxProcess, inbox: Inbox, form: str) -> None:
    request, address = storing_opened(sandbox, inbox)
    answer = httpx.post(address, content=form.encode("latin-1"), **LOOPBACK)
    assert answer.status_code == 400
    guessed = address.replace(address.rpartition("/")[2], str(request.storing_id))
    assert httpx.get(guessed, **LOOPBACK).status_code == 404
    assert storing_status(sandbox, request).status == "pending"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_same_words(language: str) -> None:
    assert WORDS["en"].keys() == WORDS[language].keys()
    for name, sentence in WORDS["en"].items():
        holes = [re.findall(r"{\w+}", text) for text in (sentence, WORDS[language][name])]
        assert sorted(holes[0]) == sorted(holes[1]), name


def test_each_card_and_amount_is_explained() -> None:
    named = {f"card_{number}" for number in CARDS} | {f"amount_{each}" for each in MAGIC_AMOUNTS}
    assert {name for name in WORDS["en"] if name.startswith(("card_0", "amount_"))} == named


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (("zh-CN",), "zh-Hans"),
        (("ru-RU",), "ru"),
        (("UK",), "uk"),
        ((None, "uk-UA"), "uk"),
        (("tlh", "en-GB"), "en"),
        (("russian",), "en"),
        ((), "en"),
    ],
)
def test_the_first_wish_that_is_spoken_is_spoken(
    wishes: tuple[str | None, ...], language: str
) -> None:
    assert language_of(*wishes) == language
