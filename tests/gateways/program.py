"""A program that tests start on loopback and speak to over HTTP, kill, and start again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import httpx

from keepline.gateways.loopback import LOOPBACK

STARTS_WITHIN_S = 20


class Program:
    """One process. `what` is its name in failures, `ready_at` the path that answers when it is
    ready."""

    what: ClassVar[str]
    ready_at: ClassVar[str]

    def __init__(self, address: str) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=address, timeout=20, **LOOPBACK)

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        raise NotImplementedError

    def start(self, **more: str) -> None:
        """`more`: of the environment."""
        self.process = subprocess.Popen(self.command(), env={**self.environment(), **more})
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

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ends it and tells the return code; one that is dead already tells its own."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(20)

    def kill(self) -> None:
        if self.process is not None:
            self.end(signal.SIGKILL)
            self.process = None

    def close(self) -> None:
        self._http.close()
        self.kill()


class Fake(Program):
    """One of our fakes on one folder and port, which is told by /control what it shall do."""

    module: ClassVar[str]

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir, self.port = data_dir, port
        super().__init__(self.url)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def command(self) -> Sequence[str]:
        options = ["--port", str(self.port), "--data", str(self.data_dir)]
        return [sys.executable, "-m", self.module, *options]

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**kept, **self.secrets()}

    def secrets(self) -> Mapping[str, str]:
        raise NotImplementedError

    def call(self, method: str, path: str, **content: Any) -> httpx.Response:
        """A call of /control."""
        return self._http.request(method, f"/control{path}", json=content or None)

    def behave(self, **behaviour: Any) -> None:
        self.call("PUT", "/behaviour", **behaviour).raise_for_status()


ProgramT = TypeVar("ProgramT", bound=Program)


@contextmanager
def running(program: ProgramT) -> Iterator[ProgramT]:
    """Started, and killed afterwards whatever happened."""
    try:
        program.start()
        yield program
    finally:
        program.close()
