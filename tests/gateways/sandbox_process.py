"""The sandbox provider as a real process, to be driven, killed and started again."""

import os
import signal
import socket
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
from keepline.gateways.payments.sandbox.adapter import SandboxPayments

API_KEY = "sandbox-api-key"
WEBHOOK_SECRET = "whsec_a2VlcGxpbmUtc2FuZGJveC13ZWJob29rLXNlY3JldCE="
PROGRAM = [sys.executable, "-m", "keepline.gateways.payments.sandbox.provider"]


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class SandboxProcess:
    """One provider on one data folder and port; may be started several times."""

    data_dir: Path
    webhook_url: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        options = ["--port", str(self.port), "--data", str(self.data_dir)]
        return [*PROGRAM, *options, "--webhook-url", self.webhook_url, "--seller", "Harbour eSIM"]

    def environment(self, **more: str) -> dict[str, str]:
        secrets = {
            "KEEPLINE_SANDBOX_API_KEY": API_KEY,
            "KEEPLINE_SANDBOX_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**kept, **secrets, **more}

    def start(self, crash_at: str = "") -> None:
        more = {"KEEPLINE_CRASH_AT": crash_at} if crash_at else {}
        self.process = subprocess.Popen(self.command(), env=self.environment(**more))
        until = time.monotonic() + 20
        while True:
            assert self.process.poll() is None, "the provider ended while starting"
            try:
                if httpx.get(f"{self.url}/health", timeout=2, **LOOPBACK).text == "ok":
                    return
            except httpx.TransportError:
                assert time.monotonic() < until, "the provider does not start"
                time.sleep(0.05)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ends it and tells the return code; one that is dead already tells its own."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(20)

    def dies_within(self, seconds: float) -> int:
        """The return code of a process that ends by itself."""
        assert self.process is not None
        return self.process.wait(seconds)

    def adapter(self, timeout_s: float = 5) -> SandboxPayments:
        return SandboxPayments(self.url, API_KEY, WEBHOOK_SECRET, timeout_s)

    def call(self, method: str, path: str, **content: Any) -> httpx.Response:
        """A call with the API key, for what the port does not have."""
        headers = {"authorization": f"Bearer {API_KEY}", **content.pop("headers", {})}
        return httpx.request(
            method, self.url + path, headers=headers, timeout=10, **LOOPBACK, **content
        )

    def behave(self, reference: object = None, **behaviour: Any) -> None:
        """Sets the behaviour of one payment, or of everything."""
        path = f"/control/payments/{reference}/behaviour" if reference else "/control/behaviour"
        self.call("PUT", path, json=behaviour).raise_for_status()

    def simulate(self, reference: object, outcome: str) -> None:
        """Does what the holder would do on the checkout page."""
        path = f"/v1/payments/{reference}/simulate"
        self.call("POST", path, json={"outcome": outcome}).raise_for_status()

    def deliveries(self, reference: object) -> list[dict[str, Any]]:
        """The webhooks of one payment as the provider has them."""
        answer = self.call("GET", "/control/deliveries", params={"payment": str(reference)})
        rows: list[dict[str, Any]] = answer.json()["deliveries"]
        return rows


@contextmanager
def sandbox_process(data_dir: Path, webhook_url: str) -> Iterator[SandboxProcess]:
    """A running provider, ended afterwards whatever happened."""
    process = SandboxProcess(data_dir, webhook_url, free_port())
    try:
        process.start()
        yield process
    finally:
        if process.process is not None:
            process.end(signal.SIGKILL)
