"""The machine's own Chromium, driven by Playwright."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FINDER = Path(__file__).resolve().parent.parent / "tools" / "chromium"


class ChromiumMissing(Exception):
    """No Chromium; the sentence says how to get it."""


def path_of_chromium() -> str:
    """As `tools/chromium --find` tells it. Raises ChromiumMissing."""
    found = subprocess.run([FINDER, "--find"], check=False, capture_output=True, text=True)
    if found.returncode != 0:
        raise ChromiumMissing(found.stderr.strip())
    return found.stdout.strip()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless one. Raises ChromiumMissing."""
    program = path_of_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--disable-gpu", "--disable-background-networking"]
        )
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, address: str, login: str, password: str) -> None:
    """Through the portal's form; ends on "my lines"."""
    page.goto(f"{address}/accounts/login/")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", password)
    page.click("main form button[type=submit]")
    page.wait_for_url(f"{address}/")
