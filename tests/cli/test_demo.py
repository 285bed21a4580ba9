"""`keepline demo` as a whole: what is killed comes back, what is stopped is gone, data stays."""

import http.client
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from keepline.cli import schema_mark
from keepline.config.postgres import EmbeddedPostgres
from tests.cli.test_commands import OWN, keepline, refused
from tests.ports import demo_ports

pytestmark = pytest.mark.slow
START_S = 120.0


class Demo:
    """One running demo and the lines it prints."""

    def __init__(self, data: Path, port: int, *arguments: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in OWN}
        self.port = port
        self.lines: queue.Queue[str] = queue.Queue()
        self.seen: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "keepline.cli.main", "demo", *arguments],
            env={**environment, "KEEPLINE_DATA": str(data), "KEEPLINE_PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.lines.put(line)

    def wait_for_line(self, pattern: str, seconds: float = START_S) -> re.Match[str]:
        until = time.monotonic() + seconds
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, until - time.monotonic()))
            except queue.Empty:
                pytest.fail(f"no line like {pattern!r} in:\n{''.join(self.seen)}")
            self.seen.append(line)
            if found := re.search(pattern, line):
                return found

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


@pytest.fixture
def port() -> int:
    return demo_ports(range(18500, 19500, 5))


@pytest.fixture
def data(open_folder: Path) -> Path:
    return open_folder


def test_start_kill_stop_and_start_again(data: Path, port: int) -> None:
    demo = Demo(data, port)
    try:
        demo.wait_for_line(rf"http://localhost:{port}\b")
        assert status(port) < 500
        server = EmbeddedPostgres(data)
        assert "already runs" in refused(
            keepline("demo", KEEPLINE_DATA=str(data), KEEPLINE_PORT=str(port + 1000))
        )
        leave_a_mark(server)

        os.kill(postmaster_pid(server), signal.SIGKILL)
        wait_until(server.is_ready)
        assert mark_is_there(server)

        os.kill(pid_of(demo, "serve"), signal.SIGKILL)
        demo.wait_for_line("serve: ended with code -9")
        wait_until(lambda: answers(port))
    finally:
        code = demo.stop()
    assert code == 0
    assert not server.is_running()
    assert not answers(port)
    assert children_of(demo) == []

    second = Demo(data, port)
    try:
        second.wait_for_line(rf"http://localhost:{port}\b")
        assert mark_is_there(server)
        assert schema_mark.is_current(server.url("keepline_app"))
    finally:
        assert second.stop() == 0

    fresh = Demo(data, port, "--fresh")
    try:
        fresh.wait_for_line(rf"http://localhost:{port}\b")
        assert not mark_is_there(EmbeddedPostgres(data))
    finally:
        assert fresh.stop() == 0
    assert (data / "keepline-demo").exists()


def leave_a_mark(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url("keepline_owner")) as owner:
        owner.execute("CREATE TABLE mark (x int)")


def mark_is_there(server: EmbeddedPostgres) -> bool:
    with psycopg.connect(server.url("keepline_owner")) as owner:
        return owner.execute("SELECT to_regclass('mark')").fetchone() == ("mark",)


def postmaster_pid(server: EmbeddedPostgres) -> int:
    return int((server.place.cluster / "postmaster.pid").read_text().split()[0])


def children_of(demo: Demo) -> list[tuple[int, list[str]]]:
    """Live processes that were told this demo's pid as their parent's: (pid, arguments)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_text().split("\0")
        except OSError:
            continue
        if "keepline.cli.supervised" in arguments and str(demo.process.pid) in arguments:
            found.append((int(path.parent.name), arguments))
    return found


def pid_of(demo: Demo, command: str) -> int:
    """The child itself, not the processes that it has forked."""
    found = [pid for pid, arguments in children_of(demo) if command in arguments]
    [leader] = [pid for pid in found if os.getpgid(pid) == pid]
    return leader


def status(port: int) -> int:
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    connection.request("GET", "/")
    return connection.getresponse().status


def answers(port: int) -> bool:
    try:
        return status(port) < 500
    except (OSError, http.client.HTTPException):
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)
