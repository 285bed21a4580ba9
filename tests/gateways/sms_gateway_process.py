"""The fake SMS gateway as a real process."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from keepline.gateways.messaging.http_sms.adapter import HttpSms
from tests.gateways.program import Program, running
from tests.gateways.sandbox_process import free_port

PROGRAM = [sys.executable, "-m", "keepline.gateways.messaging.http_sms.fake"]
SECRET = "whsec_a2VlcGxpbmUtdGVzdHMtc21zLWdhdGV3YXktMQ=="
OTHER_SECRET = "whsec_c29tZWJvZHktZWxzZSdzLXNlY3JldC1hbHRvZ2V0aGVy"


class SmsGatewayProcess(Program):
    """One gateway; a killed one has forgotten everything."""

    what = "the gateway"
    ready_at = "/control/messages"

    def __init__(self, callback_url: str = "") -> None:
        self._port, self._callback_url = free_port(), callback_url
        super().__init__(self.url)

    @property
    def url(self) -> str:
        return f"http://localhost:{self._port}"

    def command(self) -> Sequence[str]:
        return [*PROGRAM, "--port", str(self._port), "--callback-url", self._callback_url]

    def environment(self) -> Mapping[str, str]:
        return {"PATH": os.environ["PATH"], "KEEPLINE_FAKE_SMS_SECRET": SECRET}

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


def sms_gateway_process(callback_url: str = "") -> AbstractContextManager[SmsGatewayProcess]:
    """A running gateway, killed afterwards whatever happened."""
    return running(SmsGatewayProcess(callback_url))
