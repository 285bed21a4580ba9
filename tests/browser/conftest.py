"""A running `keepline demo`, as its user starts it, and a real Chromium. One of each a module
(and process of xdist).

Nobody here touches Django: Playwright's loop runs in the same thread, and the books are read with
SQL and `keepline check-ledger`.
"""

import base64
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from bench.chromium import ChromiumMissing, chromium, path_of_chromium, sign_in
from keepline.cli.demo_people import SIGN_INS
from keepline.config.postgres import EmbeddedPostgres
from tests.browser.records import Records
from tests.browser.watch import Watch
from tests.cli.test_demo import Demo
from tests.conftest import FOLDER, WORKER
from tests.ports import demo_ports

PEOPLE = {email.partition("@")[0]: (email, password) for _, email, password in SIGN_INS}
LANGUAGES = {"alice": "en-GB", "mei": "zh-CN", "oleh": "en-GB"}
SMS_SECRET = "whsec_" + base64.b64encode(b"known to everybody, for tests").decode()

Opened = Callable[..., Page]


def ports_of_this_worker() -> range:
    """Other workers look elsewhere."""
    first = 19600 + 100 * int(WORKER.removeprefix("gw") if WORKER != "main" else 0)
    return range(first, first + 100, 5)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Fails, and says how to get it, where there is none: the main path is not optional."""
    try:
        path_of_chromium()
    except ChromiumMissing as missing:
        pytest.fail(str(missing), pytrace=False)
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def demo_settings() -> Mapping[str, str]:
    """What a module's demo is told besides; a module may have a fixture of its own."""
    return {}


@pytest.fixture(scope="module")
def records(browser: Browser, demo_settings: Mapping[str, str]) -> Iterator[Records]:
    """The demo's own database; asks for the browser first, as it is what may be missing."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as name:
        data = Path(name)
        data.chmod(0o711)  # under root the server runs as another user, who has to get in
        port = demo_ports(ports_of_this_worker())
        demo = demo_of_hurried_people(data, port, demo_settings)
        try:
            demo.wait_for_line(rf"http://localhost:{port}\b")
            yield Records(data, f"http://localhost:{port}")
        finally:
            code = demo.stop()
            EmbeddedPostgres(data).stop()
        assert code == 0


def demo_of_hurried_people(data: Path, port: int, settings: Mapping[str, str]) -> Demo:
    """Several of them pay from one address within a minute, as fast as a test clicks."""
    own_limits = FOLDER / f"limits-{WORKER}.toml"
    own_limits.write_text('attempts.address = "60/m"\n', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEEPLINE_PAYMENT_LIMITS", str(own_limits))
        patch.setenv("KEEPLINE_SMS_SECRETS", SMS_SECRET)
        for name, value in settings.items():
            patch.setenv(name, value)
        return Demo(data, port)


@pytest.fixture
def watch() -> Iterator[Watch]:
    """No console error, no violation of the policy, no failed request on any page of the test."""
    kept = Watch()
    yield kept
    assert kept.troubles == []


@pytest.fixture
def visitor(browser: Browser, records: Records, watch: Watch) -> Iterator[Opened]:
    """Opens a page in a browser of its own, watched; nobody is signed in."""
    contexts: list[BrowserContext] = []

    def opened(language: str = "en-GB", javascript: bool = True) -> Page:
        context = browser.new_context(
            base_url=records.address, locale=language, java_script_enabled=javascript
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def holder(visitor: Opened, records: Records) -> Opened:
    """The same, and signs somebody of the demo in through the form."""

    def signed_in(name: str = "alice", javascript: bool = True) -> Page:
        page = visitor(LANGUAGES[name], javascript)
        sign_in(page, records.address, *PEOPLE[name])
        return page

    return signed_in
