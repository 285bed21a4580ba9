"""An SMSC that is not ours (npm `smpp`) on loopback, which does on demand what SMSCs do."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from keepline.gateways.messaging.smpp.adapter import SmppSms
from tests.gateways.sandbox_process import free_port

PROGRAM = Path(__file__).parent / "smsc" / "smsc.js"
ROOT = Path(__file__).parents[2]
STARTS_WITHIN_S = 20


@dataclass
class SmscProcess:
    """One SMSC; may be killed and started again at its ports."""

    port: int
    control_port: int
    tls: tuple[Path, Path] | None = None  # key, certificate
    process: subprocess.Popen[bytes] | None = None
    adapters: list[SmppSms] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.control_port}", timeout=20, trust_env=False
        )

    def start(self) -> None:
        command = ["node", str(PROGRAM), str(self.port), str(self.control_port)]
        command += [str(path) for path in self.tls or ()]
        environment = {"PATH": os.environ["PATH"], "NODE_PATH": _modules()}
        self.process = subprocess.Popen(command, env=environment)
        until = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            assert self.process.poll() is None, "the SMSC ended while starting"
            assert time.monotonic() < until, "the SMSC does not start"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return self._http.get("/state").is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(20)
            self.process = None

    def close(self) -> None:
        for adapter in self.adapters:
            adapter.close()
        self._http.close()
        self.kill()

    def url(self, scheme: str = "smpp", password: str = "secret", **options: Any) -> str:
        asked = "&".join(f"{name}={value}" for name, value in options.items())
        return f"{scheme}://PLATFORM:{password}@localhost:{self.port}?{asked}"

    def adapter(self, sender: str = "Keepline", **options: Any) -> SmppSms:
        """Closed with the SMSC."""
        made = SmppSms(self.url(**{"rate": 1000, "timeout": 5, **options}), sender)
        self.adapters.append(made)
        return made

    def state(self) -> dict[str, Any]:
        content: dict[str, Any] = self._http.get("/state").raise_for_status().json()
        return content

    def submits(self) -> list[dict[str, Any]]:
        """Every submit_sm that came, oldest first."""
        rows: list[dict[str, Any]] = self.state()["submits"]
        return rows

    def behave(self, **behaviour: Any) -> None:
        self._http.put("/behaviour", json=behaviour).raise_for_status()

    def do(self, what: str, **content: Any) -> None:
        self._http.post(f"/{what}", json=content).raise_for_status()

    def deliver(self, source: str, destination: str, **content: Any) -> int | None:
        """An inbound message; what it was answered with, None for nothing."""
        content |= {"source_addr": source, "destination_addr": destination}
        answer = self._http.post("/deliver", json=content).raise_for_status()
        status: int | None = answer.json()["status"]
        return status

    def wait_for(self, sessions: int, timeout_s: float = 15) -> None:
        """Until so many are bound."""
        until = time.monotonic() + timeout_s
        while len(self.state()["sessions"]) != sessions:
            assert time.monotonic() < until, self.state()["sessions"]
            time.sleep(0.02)


def _modules() -> str:
    finder = subprocess.run(
        [ROOT / "tools" / "smsc", "--find"], capture_output=True, text=True, check=False
    )
    assert finder.returncode == 0, finder.stderr
    return finder.stdout.strip()


@contextmanager
def smsc_process(tls: tuple[Path, Path] | None = None) -> Iterator[SmscProcess]:
    """A running SMSC, killed afterwards whatever happened."""
    process = SmscProcess(free_port(), free_port(), tls)
    try:
        process.start()
        yield process
    finally:
        process.close()


@pytest.fixture
def smsc() -> Iterator[SmscProcess]:
    with smsc_process() as process:
        yield process
