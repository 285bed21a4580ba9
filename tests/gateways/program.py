"""A program that tests start on loopback and speak to over HTTP, kill, and start again."""

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import ClassVar

import httpx

STARTS_WITHIN_S = 20


class Program:
    """One process. `what` is its name in failures, `ready_at` the path that answers when it is
    ready."""

    what: ClassVar[str]
    ready_at: ClassVar[str]

    def __init__(self, address: str) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=address, timeout=20, trust_env=False)

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        raise NotImplementedError

    def start(self) -> None:
        self.process = subprocess.Popen(self.command(), env=self.environment())
        until = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            assert self.process.poll() is None, f"{self.what} ended while starting"
            assert time.monotonic() < until, f"{self.what} does not start"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return self._http.get(self.ready_at).is_success
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
