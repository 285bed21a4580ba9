"""The fake SM-DP+ as a real process, spoken to over mutual TLS."""

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

from keepline.core.lifecycle.profile import ProfileEvent
from keepline.gateways.esim.es2plus.adapter import Es2PlusSmdp
from keepline.gateways.esim.es2plus.tls import mutual_tls
from tests.gateways.iccids import an_iccid
from tests.gateways.sandbox_process import free_port

PROGRAM = [sys.executable, "-m", "keepline.gateways.esim.es2plus.fake"]
CALLBACK_SECRET = "a callback secret of thirty-two characters and more"
OWN_POINTS = {6: ProfileEvent.ENABLE, 7: ProfileEvent.DISABLE, 8: ProfileEvent.DELETE}


@dataclass
class Es2PlusProcess:
    """One fake SM-DP+ on one folder and port; may be started several times."""

    data_dir: Path
    port: int
    callback_url: str = ""
    process: subprocess.Popen[bytes] | None = None
    control: httpx.Client | None = None

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def tls(self, name: str = "client", folder: Path | None = None) -> Any:
        """A context that shows the certificate called so, of this or another authority."""
        shown = folder or self.data_dir / "tls"
        return mutual_tls(
            shown / f"{name}.pem", shown / f"{name}.key", self.data_dir / "tls" / "ca.pem"
        )

    def start(self) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {**kept, "KEEPLINE_FAKE_SMDP_CALLBACK_SECRET": CALLBACK_SECRET}
        options = ["--port", str(self.port), "--data", str(self.data_dir)]
        if self.callback_url:
            options += ["--callback-url", self.callback_url]
        self.process = subprocess.Popen([*PROGRAM, *options], env=environment)
        until = time.monotonic() + 20
        while not self._answers():
            assert self.process.poll() is None, "the fake ended while starting"
            assert time.monotonic() < until, "the fake does not start"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:  # its certificates may not be written yet
            if self.control is None:
                self.control = httpx.Client(
                    base_url=self.url, verify=self.tls(), timeout=10, trust_env=False
                )
            return self.control.get("/control/notifications").is_success
        except (httpx.TransportError, OSError):
            return False

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(20)

    def adapter(self, timeout_s: float = 5, **more: Any) -> Es2PlusSmdp:
        return Es2PlusSmdp(
            self.url, "keepline", more.pop("tls", self.tls()), timeout_s, OWN_POINTS, **more
        )

    def call(self, method: str, path: str, **content: Any) -> httpx.Response:
        """A call of /control."""
        assert self.control is not None
        return self.control.request(method, f"/control{path}", json=content or None)

    def behave(self, **behaviour: Any) -> None:
        self.call("PUT", "/behaviour", **behaviour).raise_for_status()

    def stock(self, profile_type: str, how_many: int = 1) -> list[str]:
        iccids = [an_iccid() for _ in range(how_many)]
        rows = [{"iccid": iccid, "profile_type": profile_type} for iccid in iccids]
        self.call("POST", "/profiles", profiles=rows).raise_for_status()
        return iccids

    def profile(self, iccid: str) -> dict[str, Any]:
        content: dict[str, Any] = self.call("GET", f"/profiles/{iccid}").json()
        return content

    def notifications(self, iccid: str) -> list[dict[str, Any]]:
        answer = self.call("GET", f"/notifications?iccid={iccid}")
        rows: list[dict[str, Any]] = answer.json()["notifications"]
        return rows


@contextmanager
def es2plus_process(data_dir: Path, callback_url: str = "") -> Iterator[Es2PlusProcess]:
    """A running fake, ended afterwards whatever happened."""
    process = Es2PlusProcess(data_dir, free_port(), callback_url)
    try:
        process.start()
        yield process
    finally:
        if process.control is not None:
            process.control.close()
        if process.process is not None:
            process.end(signal.SIGKILL)
