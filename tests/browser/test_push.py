"""A browser is made to show messages, and shows one that is pushed to it.

Chromium without a window reaches no push service, so `PushManager.subscribe` is a stub here, named
as such: it gives keys and an address that are the test's own. All else is real: the page, its
script, the service worker, what the portal keeps, and the notification, which DevTools hand to the
worker as a push service would (ServiceWorker.deliverPushMessage).
"""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.browser.records import Records

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DEVICES = "/account/devices/"
# An uncompressed point of P-256 and a secret, as browsers give them.
STUBBED_PUSH_MANAGER = """
(() => {
  let kept = null;
  const encoded = (octets) => btoa(String.fromCharCode(...octets)).replace(/\\+/g, "-")
    .replace(/\\//g, "_").replace(/=+$/, "");
  PushManager.prototype.getSubscription = async () => kept;
  PushManager.prototype.subscribe = async (options) => {
    const curve = { name: "ECDH", namedCurve: "P-256" };
    const pair = await crypto.subtle.generateKey(curve, true, ["deriveBits"]);
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const secret = crypto.getRandomValues(new Uint8Array(16));
    window.askedWith = Array.from(new Uint8Array(options.applicationServerKey));
    kept = {
      options: { applicationServerKey: options.applicationServerKey },
      toJSON: () => ({ endpoint: "https://push.example/send/stub",
        keys: { p256dh: encoded(point), auth: encoded(secret) } }),
      unsubscribe: async () => { kept = null; return true; },
    };
    return kept;
  };
})();
"""


@pytest.fixture
def page(holder: Opened, records: Records) -> Page:
    page = holder()
    page.context.grant_permissions(["notifications"], origin=records.address)
    page.add_init_script(STUBBED_PUSH_MANAGER)
    page.goto(DEVICES)
    return page


def test_it_is_switched_on_and_off(page: Page) -> None:
    page.get_by_role("button", name="Show messages here").click()
    expect(page.get_by_role("heading", name="On for this device")).to_be_visible()
    assert len(page.evaluate("window.askedWith")) == 65, "the operator's public key"
    page.goto("/")
    page.goto(DEVICES)
    expect(page.get_by_role("heading", name="Devices that show your messages")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="Devices that show your messages")).to_have_count(0)


def test_the_service_worker_shows_what_is_pushed(page: Page) -> None:
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    said = {"title": "Your line runs out soon", "body": "Mother", "lang": "en", "path": "/"}
    session = page.context.new_cdp_session(page)
    found: dict[str, str] = {}
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.update(
            {one["scopeURL"]: one["registrationId"] for one in event["registrations"]}
        ),
    )
    session.send("ServiceWorker.enable")
    page.wait_for_timeout(500)
    [(scope, registration)] = found.items()
    session.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": scope.rstrip("/"),
            "registrationId": registration,
            "data": json.dumps(said),
        },
    )
    shown = page.wait_for_function(
        """async () => {
          const worker = await navigator.serviceWorker.ready;
          const all = await worker.getNotifications();
          return all.length ? all.map((one) => [one.title, one.body, one.data]) : false;
        }"""
    )
    assert shown.json_value() == [["Your line runs out soon", "Mother", "/"]]
