"""The fake SMS gateway as a real process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from keepline.gateways.messaging.http_sms.adapter import HttpSms
from tests.gateways.sandbox_process import free_port

PROGRAM = [sys.executable, "-m", "keepline.gateways.messaging.http_sms.fake"]
SECRET = "whsec_a2VlcGxpbmUtdGVzdHMtc21zLWdhdGV3YXktMQ=="
OTHER_SECRET = "whsec_c29tZWJvZHktZWxzZSdzLXNlY3JldC1hbHRvZ2V0aGVy"
STARTS_WITHIN_S = 20


@dataclass
class SmsGatewayProcess:
    """One gateway; a killed one has forgotten everything."""

    port: int
    callback_url: str = ""
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self._http = httpx.Client(base_url=self.url, timeout=20, trust_env=False)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        environment = {"PATH": os.environ["PATH"], "KEEPLINE_FAKE_SMS_SECRET": SECRET}
        options = ["--port", str(self.port), "--callback-url", self.callback_url]
        self.process = subprocess.Popen([*PROGRAM, *options], env=environment)
        until = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            assert self.process.poll() is None, "the gateway ended while starting"
            assert time.monotonic() < until, "the gateway does not start"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return self._http.get("/control/messages").is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(20)
            self.process = None

    def close(self) -> None:
        self._http.close()
        self.kill()

    def adapter(self, *secrets: str, timeout_s: float = 5) -> HttpSms:
        return HttpSms(self.url, secrets or (SECRET,), "Keepline", timeout_s)

    def behave(self, mode: str, times: int = 0) -> None:
        content = {"mode": mode, "times": times}
        self._http.put("/control/mode", json=content).raise_for_status()

    def messages(self) -> list[dict[str, Any]]:
        """What was taken, oldest first; `times` says how often each came."""
        rows: list[dict[str, Any]] = self._http.get("/control/messages").json()["messages"]
        return rows

    def tell(self, kind: str, **data: Any) -> int:
        """A callback; the status that it was answered with."""
        answer = self._http.post("/control/callbacks", json={"type": kind, "data": data})
        status: int = answer.raise_for_status().json()["status"]
        return status


@contextmanager
def sms_gateway_process(callback_url: str = "") -> Iterator[SmsGatewayProcess]:
    """A running gateway, killed afterwards whatever happened."""
    process = SmsGatewayProcess(free_port(), callback_url)
    try:
        process.start()
        yield process
    finally:
        process.close()
