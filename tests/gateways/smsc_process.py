"""An SMSC that is not ours (npm `smpp`) on loopback, which does on demand what SMSCs do."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from keepline.gateways.messaging.smpp.adapter import SmppSms
from tests.gateways.program import Program, running
from tests.gateways.sandbox_process import free_port

PROGRAM = Path(__file__).parent / "smsc" / "smsc.js"
ROOT = Path(__file__).parents[2]


class SmscProcess(Program):
    """One SMSC; may be killed and started again at its ports. `tls`: key and certificate."""

    what = "the SMSC"
    ready_at = "/counted"

    def __init__(self, tls: tuple[Path, Path] | None = None) -> None:
        self.port, self._control_port, self._tls = free_port(), free_port(), tls
        self.adapters: list[SmppSms] = []
        super().__init__(f"http://127.0.0.1:{self._control_port}")

    def command(self) -> Sequence[str]:
        ports = [str(self.port), str(self._control_port)]
        return ["node", str(PROGRAM), *ports, *(str(path) for path in self._tls or ())]

    def environment(self) -> Mapping[str, str]:
        return {"PATH": os.environ["PATH"], "NODE_PATH": _modules()}

    def close(self) -> None:
        for adapter in self.adapters:
            adapter.close()
        super().close()

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

    def count(self) -> int:
        """How many submit_sm came since it was told to forget."""
        counted: int = self._http.get("/counted").raise_for_status().json()["counted"]
        return counted

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


def smsc_process(tls: tuple[Path, Path] | None = None) -> AbstractContextManager[SmscProcess]:
    """A running SMSC, killed afterwards whatever happened."""
    return running(SmscProcess(tls))


@pytest.fixture
def smsc() -> Iterator[SmscProcess]:
    with smsc_process() as process:
        yield process
