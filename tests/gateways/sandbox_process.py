"""The sandbox provider as a real process, to be driven, killed and started again."""

import socket
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from keepline.gateways.payments.sandbox.adapter import SandboxPayments
from tests.gateways.program import Fake, running

API_KEY = "sandbox-api-key"
WEBHOOK_SECRET = "whsec_a2VlcGxpbmUtc2FuZGJveC13ZWJob29rLXNlY3JldCE="


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class SandboxProcess(Fake):
    """One provider on one data folder and port; may be started several times."""

    what = "the provider"
    module = "keepline.gateways.payments.sandbox.provider"
    ready_at = "/health"

    def __init__(self, data_dir: Path, webhook_url: str, port: int) -> None:
        super().__init__(data_dir, port)
        self.webhook_url = webhook_url

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        more = ["--webhook-url", self.webhook_url, "--seller", "Harbour eSIM"]
        return [*super().command(), *more]

    def secrets(self) -> Mapping[str, str]:
        return {
            "KEEPLINE_SANDBOX_API_KEY": API_KEY,
            "KEEPLINE_SANDBOX_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }

    def dies_within(self, seconds: float) -> int:
        """The return code of a process that ends by itself."""
        assert self.process is not None
        return self.process.wait(seconds)

    def adapter(self, timeout_s: float = 5) -> SandboxPayments:
        return SandboxPayments(self.url, API_KEY, WEBHOOK_SECRET, timeout_s)

    def call(self, method: str, path: str, **content: Any) -> httpx.Response:
        """A call with the API key, for what the port does not have."""
        headers = {"authorization": f"Bearer {API_KEY}", **content.pop("headers", {})}
        return self._http.request(method, path, headers=headers, **content)

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


def sandbox_process(data_dir: Path, webhook_url: str) -> AbstractContextManager[SandboxProcess]:
    """A running provider, killed afterwards whatever happened."""
    return running(SandboxProcess(data_dir, webhook_url, free_port()))
