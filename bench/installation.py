"""A throw-away installation for measurements: durable embedded PostgreSQL, web processes, a base.

Everything listens on loopback or on a socket of its own and ends with the context.
"""

import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from keepline.config.postgres import EmbeddedPostgres

QUICK = os.environ.get("QUICK") == "1"


@dataclass(frozen=True)
class Installation:
    """Where it stands and how to reach it."""

    folder: Path
    port: int
    environ: dict[str, str]
    owner_url: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def say(text: str) -> None:
    """Progress, on stderr: stdout's last line is for the figures."""
    print(text, file=sys.stderr, flush=True)


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "load": os.getloadavg()[0],
    }


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def installation() -> Iterator[Installation]:
    """An empty, migrated installation; fsync and full page writes are on, as in production."""
    folder = Path(tempfile.mkdtemp(prefix="keepline-bench-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        environ = {
            **os.environ,
            "KEEPLINE_MODE": "demo",
            "KEEPLINE_DATA": str(folder),
            "KEEPLINE_PORT": str(free_port()),
            "KEEPLINE_PROVIDER_PORT": str(free_port()),
            "KEEPLINE_DATABASE_URL": server.url("keepline_app"),
            "KEEPLINE_DATABASE_OWNER_URL": server.url("keepline_owner"),
            "DJANGO_SETTINGS_MODULE": "keepline.config.settings",
        }
        keepline(environ, "migrate", "--verbosity", "0")
        yield Installation(
            folder, int(environ["KEEPLINE_PORT"]), environ, server.url("keepline_owner")
        )
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def keepline(environ: dict[str, str], *arguments: str) -> None:
    """Runs a command of ours to its end."""
    command = [sys.executable, "-m", "keepline.cli.main", *arguments]
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def served(inst: Installation, workers: int = 2) -> Iterator[float]:
    """The web processes; yields the seconds from the start to the first answer."""
    command = [sys.executable, "-m", "keepline.cli.main", "serve", "--workers", str(workers)]
    began = time.perf_counter()
    web = subprocess.Popen(
        command,
        env=inst.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(inst.port, web)
        yield time.perf_counter() - began
    finally:
        os.killpg(web.pid, signal.SIGTERM)
        web.wait(timeout=20)


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Until something answers HTTP on the port."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode} before it answered")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as probe:
                probe.sendall(b"GET /accounts/login/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
                if probe.recv(64).startswith(b"HTTP/1.1 "):
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("no answer in time")
