"""A line of every preset, from stock to its end, in a real browser on a demo as a user starts it.

Oleh has no line yet. He buys one of each family, by the provider's page and from the wallet; what
the pages say, the stock and the books agree. What else becomes of a line (install, another number,
close) comes in the steps of `LIFE`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.browser.phone import PHONE_EID, Phone
from tests.browser.records import Records
from tests.browser.test_main_path import WIDTHS, facts, ledger_agrees, proof_of
from tests.browser.watch import overflow_px
from tests.core.test_activation import read_by_zbar

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LOOKS_MS = 15_000  # the page looks every five seconds
BY_PROVIDER, FROM_WALLET = "none:sandbox", "only:"


@dataclass(frozen=True)
class Wish:
    """A plan of one preset, and how it is bought. `sim`: "" where there is nothing to choose."""

    family: str
    plan: str
    minor: int  # EUR
    pay: str
    numbered: bool = True
    sim: str = ""
    eid: str = ""

    @property
    def price(self) -> str:
        return f"€{self.minor // 100}.{self.minor % 100:02}"


@dataclass(frozen=True)
class Bought:
    """The line that a wish became."""

    wish: Wish
    line_id: UUID
    order_id: UUID


WISHES = (
    Wish("Virtual number", "vn-us-1m", 450, BY_PROVIDER),
    Wish("Travel SIM", "ts-europe-7d", 800, FROM_WALLET, sim="profile", eid=PHONE_EID),
    Wish("Country eSIM", "ce-th-1d", 180, FROM_WALLET, numbered=False),
    Wish("Local data SIM", "ld-unicom-1d", 80, BY_PROVIDER, numbered=False, sim="card"),
    Wish("Keep-alive line", "ka-1m", 280, FROM_WALLET, sim="profile"),
)


def fits(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert overflow_px(page) == 0, f"{page.url} at {width} px"


def bought(page: Page, records: Records, wish: Wish) -> Bought:
    """From "my lines" by clicking to the line that is ready, looking at every page on the way."""
    page.goto("/")
    page.click("text=Buy a line")
    fits(page)
    page.click(f".family >> text={wish.family}")
    page.wait_for_url("**/buy/?kind=*")
    fits(page)
    page.click(f".offer a[href='/buy/{wish.plan}/']")
    number = ""
    if wish.numbered:
        fits(page)
        first = page.locator(".numbers button").first
        number = first.locator("strong").inner_text()
        first.click()
        page.wait_for_url("**number=*")
        assert number in page.inner_text(".kept")
        assert "Kept for you until" in page.inner_text("main")
    if wish.sim:
        page.check(f"[name=sim][value={wish.sim}]")
    if wish.eid:
        page.click(".eid summary")
        page.fill("[name=eid]", wish.eid)
    page.fill("[name=label]", wish.plan)
    fits(page)
    page.check(f"[name=pay][value='{wish.pay}']")
    expect(page.locator(".pay form button")).to_have_text(f"Pay {wish.price}")
    page.click(".pay form button")
    if wish.pay == BY_PROVIDER:
        page.wait_for_url("**/checkout/sbx_*")
        page.click("button[value=pay]")
    page.wait_for_selector(".proof-done")
    order_id = proof_of(page)
    fits(page)
    order = records.order(order_id)
    assert (order.kind, order.state, order.total_minor) == ("purchase", "completed", wish.minor)
    steps = re.sub(r"\s+", " ", page.inner_text(".steps"))
    assert steps.startswith("Ordered")
    assert "The line is yours" in steps
    assert ("eSIM ordered" in steps) is (wish.plan in ("ts-europe-7d", "ka-1m"))
    seen = facts(page)
    assert seen["Network"] == "Confirmed"
    assert seen.get("Number", "") == number
    page.click("text=To the line")
    page.wait_for_url(f"**/lines/{order.line_id}/")
    return Bought(wish, order.line_id, order_id)


def shown(page: Page, records: Records, line: Bought) -> None:
    """The line's page, the list, and what the books say of its stock."""
    page.goto(f"/lines/{line.line_id}/")
    text = page.inner_text("main")
    for said in (line.wish.plan, "Active", "New line", "number and SIM are its own"):
        assert said in text
    fits(page)
    row = records.row("SELECT e164, iccid FROM lines_line WHERE id = %s", [line.line_id])
    assert (row.e164 is not None) is line.wish.numbered
    if row.e164:
        number = records.row("SELECT * FROM inventory_number WHERE e164 = %s", [row.e164])
        assert (number.state, number.line_id) == ("assigned", line.line_id)
    if line.wish.plan == "vn-us-1m":
        assert row.iccid is None
        return
    kind = "card" if line.wish.sim == "card" else "profile"
    sim = records.row(
        f"SELECT * FROM inventory_{kind} WHERE iccid = %s",
        [row.iccid],
    )
    assert (sim.state, sim.line_id) == ("assigned" if kind == "card" else "released", line.line_id)
    if kind == "profile":
        assert sim.matching_id
        assert sim.eid == line.wish.eid


def installed(page: Page, records: Records, line: Bought) -> None:
    """The eSIM is scanned and installed by a phone while its page is open; a card is put in."""
    page.goto(f"/lines/{line.line_id}/")
    sim = records.row("SELECT iccid FROM lines_line WHERE id = %s", [line.line_id]).iccid
    if sim is None:
        assert page.locator("a[href$='/esim/'], a[href$='/card/']").count() == 0
    elif line.wish.sim == "card":
        put_in(page, records, sim)
    else:
        downloaded(page, records, sim)


def put_in(page: Page, records: Records, iccid: str) -> None:
    """The card's number and, once asked for, the codes that a phone wants."""
    page.click("a[href$='/card/']")
    page.wait_for_url("**/card/")
    assert iccid in page.inner_text("main")
    fits(page)
    page.click("text=Show PIN and PUK")
    page.wait_for_url("**/card/codes/")
    fits(page)
    codes = facts(page)
    assert re.fullmatch(r"\d{4}", codes["PIN"])
    assert re.fullmatch(r"\d{8}", codes["PUK"])
    assert "PUK2" not in codes
    seen = records.rows(
        "SELECT 1 FROM audit_auditevent WHERE action = 'card.codes_shown' "
        "AND facts ->> 'iccid' = %s",
        [iccid],
    )
    assert len(seen) == 1


def downloaded(page: Page, records: Records, iccid: str) -> None:
    """What zbar reads off the screen installs it; the page tells each step without being asked."""
    page.click(".cluster a[href$='/esim/']")
    page.wait_for_url("**/esim/")
    fits(page)
    told = page.inner_text("#activation-code")
    assert told.startswith("LPA:1$")
    picture = Path(records.data, "esim.png")
    page.locator(".esim-qr").screenshot(path=picture)
    scanned = read_by_zbar(picture)
    assert scanned == told.encode("ascii")
    with Phone(records.data, records.smdp_port) as phone:
        phone.install(scanned.decode())
        expect(page.locator("h1")).to_have_text("The eSIM is on your phone", timeout=LOOKS_MS)
        assert page.locator("#activation-code").count() == 0  # it is spent
        phone.switch_on(iccid)
        expect(page.locator("h1")).to_have_text("The eSIM is in use", timeout=LOOKS_MS)
    fits(page)
    assert page.locator(".steps .step-done").count() == 5
    assert facts(page)["Phone (EID)"] == PHONE_EID
    profile = records.row("SELECT state, eid FROM inventory_profile WHERE iccid = %s", [iccid])
    assert profile == ("enabled", PHONE_EID)


def renewed(page: Page, records: Records, line: Bought) -> None:
    """One term more, from the wallet."""
    before = records.standing(line.line_id)
    page.goto(f"/lines/{line.line_id}/renew/")
    page.check(f"main [name=plan][value='{line.wish.plan}']")
    page.click("main form button")
    page.wait_for_url(f"**/renew/*plan={line.wish.plan}*")
    page.check(f"[name=pay][value='{FROM_WALLET}']")
    page.click("main form button")
    order = records.order(proof_of(page))
    assert (order.kind, order.state, order.line_id) == ("renewal", "completed", line.line_id)
    after = records.standing(line.line_id)
    assert after.valid_until > before.valid_until
    assert after.free_minor == before.free_minor - line.wish.minor


FEES_MINOR = {"vn-us-1m": 460, "ts-europe-7d": 740, "ka-1m": 280}  # EUR, where it is allowed


def renumbered(page: Page, records: Records, line: Bought) -> None:
    """Another number, where the family allows it: the old one rests, the fee is paid."""
    page.goto(f"/lines/{line.line_id}/")
    offer = page.locator("a[href$='/number/']")
    assert offer.count() == (line.wish.plan in FEES_MINOR)
    if not offer.count():
        return
    before = records.row("SELECT e164 FROM lines_line WHERE id = %s", [line.line_id]).e164
    offer.click()
    page.wait_for_url("**/number/")
    fits(page)
    page.locator("[name=e164]").nth(1).check()
    chosen = int(page.locator("[name=e164]").nth(1).get_attribute("value") or "0")
    page.click(".pay button")
    order = records.order(proof_of(page))
    fits(page)
    fee_minor = FEES_MINOR[line.wish.plan]
    assert (order.kind, order.state, order.total_minor) == ("new_number", "completed", fee_minor)
    states = records.rows(
        "SELECT e164, state, line_id FROM inventory_number WHERE e164 = ANY(%s)", [[before, chosen]]
    )
    assert {row.e164: (row.state, row.line_id) for row in states} == {
        before: ("quarantine", line.line_id),
        chosen: ("assigned", line.line_id),
    }


def lost_and_found(page: Page, records: Records, line: Bought) -> None:
    """Blocked by one click and a confirmation, and back."""
    page.goto(f"/lines/{line.line_id}/")
    for button, words, state in (
        ("Block the line now", "Blocked as lost or stolen", "blocked"),
        ("Found again: unblock", "The line is unblocked", "active"),
    ):
        if state == "blocked":
            page.click("text=Lost or stolen?")
        page.click(f"button >> text={button}")
        expect(page.locator("body")).to_contain_text(words)
        fits(page)
        row = records.row("SELECT state FROM lines_validity WHERE id = %s", [line.line_id])
        assert row.state == state


def closed(page: Page, records: Records, line: Bought) -> None:
    """Given up: the page says what is lost, and then that it is over; the number rests."""
    page.goto(f"/lines/{line.line_id}/")
    page.click("text=Do you not need it any more?")
    page.click("a >> text=Close the line")
    page.wait_for_url("**/close/")
    said = page.inner_text("main")
    assert "Nothing is paid back" in said
    assert ("only you may have the number back" in said) is line.wish.numbered
    fits(page)
    page.click("text=Close the line now")
    expect(page.locator("body")).to_contain_text("The line is closed.")
    said = page.inner_text("main")
    assert page.inner_text("h1 ~ .badge, .split .badge") == "Ended"
    assert ("You can have this number back until" in said) is line.wish.numbered
    assert page.locator("#safety, main a[href$='/renew/']").count() == 0, "nothing is left to do"
    fits(page)
    row = records.row(
        "SELECT v.state, l.e164 FROM lines_validity v JOIN lines_line l USING (slot, id)"
        " WHERE id = %s",
        [line.line_id],
    )
    assert row.state == "terminated"
    if row.e164:
        number = records.row("SELECT state FROM inventory_number WHERE e164 = %s", [row.e164])
        assert number.state == "quarantine"


# What becomes of each line, in this order.
LIFE: tuple[Callable[[Page, Records, Bought], None], ...] = (
    shown,
    installed,
    renewed,
    renumbered,
    lost_and_found,
    closed,
)


def test_a_line_of_every_preset_is_bought_and_lives(holder: Opened, records: Records) -> None:
    page = holder("oleh")
    expect(page.locator("main")).to_contain_text("No line yet")
    page.goto("/wallet/")
    page.fill("[name=other]", "60")
    page.click("#top-up button")
    page.click("button[value=pay]")
    proof_of(page)
    for wish in WISHES:
        line = bought(page, records, wish)
        for step in LIFE:
            step(page, records, line)
    page.goto("/")
    assert page.locator(".line-card").count() == len(WISHES)
    fits(page)
    ledger_agrees(records)


def test_a_number_is_bought_without_script(holder: Opened, records: Records) -> None:
    page = holder("alice", javascript=False)
    wish = Wish("Keep-alive line", "ka-1m", 240, FROM_WALLET)
    page.goto(f"/buy/{wish.plan}/")
    page.click("text=Any number")
    page.click("text=Another number")
    page.click("text=Other numbers")
    page.locator(".numbers button").last.click()
    page.check("[name=sim][value=card]")
    page.check(f"[name=pay][value='{wish.pay}']")
    page.click(".pay form button")
    order = records.order(proof_of(page))
    assert (order.kind, order.state, order.total_minor) == ("purchase", "completed", wish.minor)
    held = records.rows("SELECT e164 FROM inventory_number WHERE state = 'held'")
    assert held == [], "what was put down is free again"
