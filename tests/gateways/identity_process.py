"""The fake identity provider as a real process."""

import json
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

from keepline.gateways.identity.bridge.adapter import BridgedChecker
from keepline.gateways.loopback import LOOPBACK
from tests.gateways.sandbox_process import free_port
from tests.identity import SECRET

PROGRAM = [sys.executable, "-m", "keepline.gateways.identity.bridge.fake"]
KEY = "a key of ours"


@dataclass
class IdentityProcess:
    """One fake on one folder and port. `callback_url`: where it tells results."""

    data_dir: Path
    port: int
    callback_url: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {
            **kept,
            "KEEPLINE_FAKE_IDENTITY_KEY": KEY,
            "KEEPLINE_FAKE_IDENTITY_SECRET": SECRET,
            "KEEPLINE_FAKE_IDENTITY_CALLBACK": self.callback_url,
        }
        options = ["--port", str(self.port), "--data", str(self.data_dir)]
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

    def adapter(self, timeout_s: float = 5) -> BridgedChecker:
        return BridgedChecker(self.url, KEY, [SECRET], timeout_s)

    def call(self, method: str, path: str, **content: Any) -> httpx.Response:
        """A call of /control."""
        url = f"{self.url}/control{path}"
        body = json.dumps(content) if content else None
        return httpx.request(method, url, content=body, timeout=10, **LOOPBACK)

    def behave(self, **behaviour: Any) -> None:
        self.call("PUT", "/behaviour", **behaviour).raise_for_status()


@contextmanager
def identity_process(data_dir: Path, callback_url: str = "") -> Iterator[IdentityProcess]:
    """A running fake, ended afterwards whatever happened."""
    process = IdentityProcess(data_dir, free_port(), callback_url)
    try:
        process.start()
        yield process
    finally:
        if process.process is not None:
            process.end(signal.SIGKILL)
