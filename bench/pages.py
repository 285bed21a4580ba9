"""What a page costs on the wire, as a real Chromium counts it: kB of answers, headers included.

First "my lines" with an empty cache, then one of its lines. The service worker's requests count as
well: they are made for the same two pages. Its own script does not, as the browser loads it before
a session can listen: 2.5 kB, once. Goals: 150 kB, then 30 kB.
"""

import json

from playwright.sync_api import CDPSession, Page

from bench.chromium import ChromiumMissing, chromium, path_of_chromium, sign_in
from bench.installation import Installation, installation, keepline, machine, say, served
from keepline.cli.demo_people import SIGN_INS

GOALS_KB = {"first_load_kb": 150, "next_load_kb": 30}
QUIET_MS = 500.0
PATIENCE_MS = 20_000.0


class Wire:
    """Adds up `encodedDataLength` of all that a page and its workers load.

    A redirect is not "finished" in the protocol's words; the request that follows it carries the
    answer's length. Workers are sessions of their own, reached through the page's.
    """

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        self.answers = 0
        self._page = page
        self._messages = 0
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.on("Network.requestWillBeSent", self._redirected)
        self._session.on("Network.loadingFinished", self._finished)
        self._session.on("Target.attachedToTarget", self._attached)
        self._session.on("Target.receivedMessageFromTarget", self._told)
        self._session.send("Network.enable")
        self._session.send(
            "Target.setAutoAttach",
            {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": False},
        )

    def taken_kb(self) -> float:
        """kB since the last time, once nothing has arrived for half a second."""
        seen, waited_ms = -1, 0.0
        while seen != self.answers:
            if waited_ms > PATIENCE_MS:
                raise RuntimeError("the page never stops loading")
            seen = self.answers
            self._page.wait_for_timeout(QUIET_MS)
            waited_ms += QUIET_MS
        taken, self.bytes = self.bytes, 0
        return round(taken / 1000, 1)

    def _add(self, length: float) -> None:
        self.bytes += round(length)
        self.answers += 1

    def _finished(self, event: dict[str, float]) -> None:
        self._add(event["encodedDataLength"])

    def _redirected(self, event: dict[str, dict[str, float]]) -> None:
        if "redirectResponse" in event:
            self._add(event["redirectResponse"]["encodedDataLength"])

    def _attached(self, event: dict[str, str]) -> None:
        for method in ("Network.enable", "Runtime.runIfWaitingForDebugger"):
            self._messages += 1
            message = json.dumps({"id": self._messages, "method": method})
            self._session.send(
                "Target.sendMessageToTarget",
                {"sessionId": event["sessionId"], "message": message},
            )

    def _told(self, event: dict[str, str]) -> None:
        message = json.loads(event["message"])
        if message.get("method") == "Network.loadingFinished":
            self._finished(message["params"])


def measure(inst: Installation) -> dict[str, float]:
    """Ends the process with a sentence when there is no Chromium."""
    try:
        path_of_chromium()
    except ChromiumMissing as missing:
        raise SystemExit(str(missing)) from missing
    keepline(inst.environ, "load-demo")
    _, login, password = SIGN_INS[0]  # the holder with the most lines
    with served(inst), chromium() as browser:
        entrance = browser.new_context()
        sign_in(entrance.new_page(), inst.address, login, password)
        # Another context knows who is there, and has nothing in its cache.
        page = browser.new_context(storage_state=entrance.storage_state()).new_page()
        entrance.close()
        wire = Wire(page)
        page.goto(f"{inst.address}/", wait_until="networkidle")
        figures = {"first_load_kb": wire.taken_kb()}
        page.click(".line-card .cover")
        page.wait_for_url(f"{inst.address}/lines/*/")
        page.wait_for_load_state("networkidle")
        figures["next_load_kb"] = wire.taken_kb()
    for name, kb in figures.items():
        say(f"{name}: {kb} (goal {GOALS_KB[name]})")
    return figures


if __name__ == "__main__":
    with installation() as inst:
        print(json.dumps(measure(inst) | {"machine": machine()}))
