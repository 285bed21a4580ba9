"""FakeStripe as a real process, to be driven by tests."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.payments.stripe.adapter import StripePayments
from tests.gateways.sandbox_process import free_port

SECRET_KEY = "sk_test_fake"
WEBHOOK_SECRET = "whsec_fake_stripe"
PROGRAM = [sys.executable, "-m", "keepline.gateways.payments.stripe.fake"]


@dataclass
class StripeProcess:
    """One FakeStripe on one data folder and port."""

    data_dir: Path
    webhook_url: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, **more: str) -> subprocess.Popen[bytes]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        secrets = {
            "KEEPLINE_STRIPE_SECRET_KEY": SECRET_KEY,
            "KEEPLINE_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }
        options = ["--port", str(self.port), "--data", str(self.data_dir)]
        return subprocess.Popen(
            [*PROGRAM, *options, "--webhook-url", self.webhook_url],
            env={**kept, **secrets, **more},
            stderr=subprocess.PIPE if more else None,
        )

    def wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + 20
        while True:
            assert process.poll() is None, "FakeStripe ended while starting"
            try:
                if httpx.get(f"{self.url}/health", timeout=2, **LOOPBACK).text == "ok":
                    return
            except httpx.TransportError:
                assert time.monotonic() < until, "FakeStripe does not start"
                time.sleep(0.05)

    def adapter(
        self,
        timeout_s: float = 5,
        secret_key: str = SECRET_KEY,
        unix_s: Callable[[], float] = time.time,
    ) -> StripePayments:
        return StripePayments(secret_key, WEBHOOK_SECRET, timeout_s, self.url, unix_s)

    def call(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        """A call with the key, for what the port does not have."""
        answer = httpx.request(
            method,
            self.url + path,
            headers={"authorization": f"Bearer {SECRET_KEY}"},
            **LOOPBACK,
            timeout=10,
            **content,
        )
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body

    def act(self, payment_id: object, action: str, **content: str) -> dict[str, Any]:
        """Does what the holder would do on Stripe's page."""
        return self.call("POST", f"/control/payments/{payment_id}/{action}", json=content)

    def order_fault(self, fault: str, method: str = "POST", times: int = 1) -> None:
        """Sets what happens to the next calls of a method."""
        content = {"fault": fault, "method": method, "times": times}
        self.call("PUT", "/control/fault", json=content)


@contextmanager
def stripe_process(data_dir: Path, webhook_url: str) -> Iterator[StripeProcess]:
    """A running FakeStripe, ended afterwards whatever happened."""
    fake = StripeProcess(data_dir, webhook_url, free_port())
    process = fake.start()
    try:
        fake.wait_until_up(process)
        yield fake
    finally:
        process.kill()
        process.wait(20)
