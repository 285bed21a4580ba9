"""The fake PayPal as a real process, and what a test can make happen there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.payments.paypal.adapter import PayPalPayments
from keepline.gateways.payments.paypal.fake.place import fake_paypal
from tests.gateways.sandbox_process import free_port

CLIENT_ID, SECRET, WEBHOOK_ID = "fake-client", "fake-secret", "1JE4291016473214C"
PROGRAM = [sys.executable, "-m", "keepline.gateways.payments.paypal.fake"]


@dataclass
class PayPalProcess:
    """One fake on a free port."""

    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def adapter(self, timeout_s: float = 5, secret: str = SECRET) -> PayPalPayments:
        """The real adapter, with PayPal's own SDK, beside the fake."""
        return fake_paypal(self.url, CLIENT_ID, secret, WEBHOOK_ID, timeout_s)

    def control(self, what: str, **content: Any) -> None:
        """See the fake's control.py."""
        answer = httpx.post(f"{self.url}/control/{what}", json=content, **LOOPBACK)
        answer.raise_for_status()

    def order(self, payment_id: UUID) -> dict[str, Any]:
        """The order of a payment, as PayPal would show it."""
        query = {"payment_id": str(payment_id)}
        answer = httpx.get(f"{self.url}/control/order", params=query, **LOOPBACK)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def webhooks(self, payment_id: UUID, kind: str) -> list[tuple[dict[str, str], bytes]]:
        """Headers and bodies of the events of that kind so far."""
        query = {"payment_id": str(payment_id)}
        sent = httpx.get(f"{self.url}/control/webhooks", params=query, **LOOPBACK).json()
        return [(one["headers"], one["body"].encode()) for one in sent if one["kind"] == kind]

    def approves(self, payment_id: UUID, capture: str = "COMPLETED") -> None:
        """The holder agrees; `capture` is what a capture then comes to."""
        self.control("approve", payment_id=str(payment_id), capture=capture)

    def fails_once(self, path: str, do: str, **more: Any) -> None:
        """The next call of a path that ends so."""
        self.control("fault", path=path, do=do, **more)


@contextmanager
def paypal_process() -> Iterator[PayPalProcess]:
    """A running fake, ended afterwards whatever happened."""
    fake = PayPalProcess()
    names = {"CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": SECRET, "WEBHOOK_ID": WEBHOOK_ID}
    keys = {f"KEEPLINE_PAYPAL_{name}": value for name, value in names.items()}
    process = subprocess.Popen(
        [*PROGRAM, "--port", str(fake.port)], env={"PATH": os.environ["PATH"], **keys}
    )
    try:
        _wait(process, fake.url)
        yield fake
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(20)


def _wait(process: "subprocess.Popen[bytes]", url: str) -> None:
    until = time.monotonic() + 20
    while True:
        assert process.poll() is None, "the fake ended while starting"
        try:
            if httpx.get(f"{url}/health", timeout=2, **LOOPBACK).text == "ok":
                return
        except httpx.TransportError:
            assert time.monotonic() < until, "the fake does not start"
            time.sleep(0.05)
