"""The fake clearing house as a real process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.porting.bridge.adapter import BridgedHouse
from tests.gateways.sandbox_process import free_port

PROGRAM = [sys.executable, "-m", "keepline.gateways.porting.bridge.fake"]
KEYS = {"keepline": "a key of ours", "other": "a key of theirs"}


@dataclass
class PortingProcess:
    """One fake on one folder and port; may be started several times."""

    data_dir: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        keys = ",".join(f"{name}={key}" for name, key in KEYS.items())
        options = ["--port", str(self.port), "--data", str(self.data_dir)]
        environment = {**kept, "KEEPLINE_FAKE_PORTING_KEYS": keys}
        self.process = subprocess.Popen([*PROGRAM, *options], env=environment)
        until = time.monotonic() + 20
        while self.adapter().complaints():
            assert self.process.poll() is None, "the fake ended while starting"
            assert time.monotonic() < until, "the fake does not start"
            time.sleep(0.05)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(20)

    def adapter(self, operator: str = "keepline", timeout_s: float = 5) -> BridgedHouse:
        return BridgedHouse(self.url, KEYS[operator], timeout_s)

    def call(self, method: str, path: str, **content: Any) -> httpx.Response:
        """A call of /control."""
        url = f"{self.url}/control{path}"
        return httpx.request(method, url, json=content or None, timeout=10, **LOOPBACK)

    def behave(self, **behaviour: Any) -> None:
        self.call("PUT", "/behaviour", **behaviour).raise_for_status()

    def enter(self, e164: int, **row: str) -> None:
        """Whose a number is, and by which code `elsewhere` lets it go."""
        rows = [{"number": f"+{e164}", **row}]
        self.call("POST", "/numbers", numbers=rows).raise_for_status()

    def owner(self, e164: int) -> str:
        return str(self.call("GET", f"/numbers/{e164}").json()["operator"])


@contextmanager
def porting_process(data_dir: Path) -> Iterator[PortingProcess]:
    """A running fake, ended afterwards whatever happened."""
    process = PortingProcess(data_dir, free_port())
    try:
        process.start()
        yield process
    finally:
        if process.process is not None:
            process.end(signal.SIGKILL)
