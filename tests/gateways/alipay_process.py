"""FakeAlipay as a real process, with keys that are made for this run of the tests."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.payments.alipay.adapter import AlipayPayments
from keepline.gateways.payments.port import OpenedPayment, PaymentRequest
from tests.gateways.sandbox_process import free_port

APP_ID = "2021000000000000"
PROGRAM = [sys.executable, "-m", "keepline.gateways.payments.alipay.fake"]


def a_key() -> rsa.RSAPrivateKey:
    """A new private key."""
    return rsa.generate_private_key(65537, 2048)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    """PKCS#8, as Alipay's key tool gives it for Java."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """The public half."""
    form = PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(Encoding.PEM, form).decode()


class Remembering(AlipayPayments):
    """The adapter, and the addresses that it made: the holder's browser knows them."""

    def __init__(self, *made_of: Any, **more: Any) -> None:
        super().__init__(*made_of, **more)
        self.addresses: dict[UUID, str] = {}

    def open_payment(self, request: PaymentRequest) -> OpenedPayment:
        """As the adapter."""
        opened = super().open_payment(request)
        self.addresses[request.payment_id] = opened.checkout_url
        return opened


@dataclass
class AlipayProcess:
    """One FakeAlipay. `notify_url` is told to it with each payment."""

    port: int
    app_key: str
    alipay_public_key: str
    notify_url: str
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10, **LOOPBACK))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def adapter(
        self, timeout_s: float = 5, of: type[Remembering] = Remembering, **more: Any
    ) -> Remembering:
        """The adapter that speaks to it; `more` overrides what it is made of."""
        made_of: dict[str, Any] = {
            "app_id": APP_ID,
            "app_private_key": self.app_key,
            "alipay_public_key": self.alipay_public_key,
            "notify_url": self.notify_url,
            "timeout_s": timeout_s,
            "gateway_url": f"{self.url}/gateway.do",
        }
        return of(**{**made_of, **more})

    def control(self, method: str, path: str, **content: Any) -> httpx.Response:
        """What the port does not have: the holder's button, and a bad day."""
        answer = self.http.request(method, self.url + path, json=content)
        assert not answer.is_error, answer.text
        return answer

    def visit(self, address: str) -> None:
        """The holder comes to the page; only now the trade exists."""
        self.http.get(address).raise_for_status()

    def pay(self, provider: Remembering, payment_id: UUID) -> None:
        """The holder comes and presses the button."""
        self.visit(provider.addresses[payment_id])
        self.control("POST", f"/pay/{payment_id.hex}")

    def fault(self, api: str, kind: str, times: int = 1) -> None:
        """The next such calls have this fault."""
        self.control("PUT", "/control/fault", api=api, kind=kind, times=times)


@contextmanager
def alipay_process(folder: Path, notify_url: str) -> Iterator[AlipayProcess]:
    """A running FakeAlipay, killed afterwards whatever happened."""
    app, own = a_key(), a_key()
    (folder / "alipay.pem").write_text(private_pem(own))
    (folder / "app.pub.pem").write_text(public_pem(app))
    fake = AlipayProcess(free_port(), private_pem(app), public_pem(own), notify_url)
    command = [*PROGRAM, "--port", str(fake.port), "--data", str(folder), "--app-id", APP_ID]
    process = subprocess.Popen(command)
    try:
        _wait_for(fake, process)
        yield fake
    finally:
        process.kill()
        process.wait(20)


def _wait_for(fake: AlipayProcess, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 20
    while True:
        assert process.poll() is None, "FakeAlipay ended while starting"
        try:
            fake.control("GET", "/health")
        except httpx.TransportError:
            assert time.monotonic() < until, "FakeAlipay does not start"
            time.sleep(0.05)
        else:
            return
