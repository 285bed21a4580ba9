"""A real osmo-hlr (Debian's) on loopback, with a database of its own, that can be killed.

It listens where it always does, since this version takes no other port for its control interface;
so one runs at a time on a machine, and tests that need it wait for each other.
"""

import fcntl
import os
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from keepline.gateways.network.osmo_hlr.adapter import OsmoHlr

HOST, CTRL_PORT, VTY_PORT = "127.0.0.1", 4259, 4258
STARTS_WITHIN_S = 20
TURN_COMES_WITHIN_S = 600
ROOT = Path(__file__).parents[2]
CONFIGURATION = f"""
log stderr
 logging filter all 1
 logging color 0
 logging level set-all notice
line vty
 bind {HOST} {VTY_PORT}
ctrl
 bind {HOST}
hlr
 gsup
  bind ip {HOST}
"""


class HlrProcess:
    """One HLR and its folder. Its database outlives it, as an operator's does."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "hlr.db"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "osmo-hlr.cfg").write_text(CONFIGURATION)

    def start(self) -> None:
        for port in (CTRL_PORT, VTY_PORT):
            assert not _answers(port), f"port {port} is taken: stop the osmo-hlr that runs here"
        command = [_program(), "-c", "osmo-hlr.cfg", "-l", str(self.database)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        until = time.monotonic() + STARTS_WITHIN_S
        while not (_answers(CTRL_PORT) and _answers(VTY_PORT)):
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < until, "osmo-hlr did not start"
            time.sleep(0.01)

    def kill(self) -> None:
        """As kill -9 does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def fill(self, subscribers: Iterable[tuple[str, str]]) -> None:
        """IMSIs and numbers, without service, as an operator's HLR may have them; put into its
        database while it rests."""
        self.kill()
        with closing(sqlite3.connect(self.database)) as database, database:
            database.executemany(
                "INSERT INTO subscriber (imsi, msisdn, nam_cs, nam_ps) VALUES (?, ?, 0, 0)",
                subscribers,
            )
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It lives and takes connections, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def unwritable(self) -> Iterator[None]:
        """Somebody else keeps its database to himself."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.execute("ROLLBACK")

    def adapter(self, **changes: Any) -> OsmoHlr:
        return OsmoHlr(HOST, **{"timeout_s": 30.0, **changes})

    def rows(self) -> dict[str, tuple[str | None, bool, bool]]:
        """By IMSI: number, calls, data, out of the HLR's own database."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT imsi, msisdn, nam_cs, nam_ps FROM subscriber")
            return {imsi: (msisdn, bool(cs), bool(ps)) for imsi, msisdn, cs, ps in found}

    def info(self, imsi: str) -> dict[str, str]:
        """A subscriber as the control interface tells of it, asked without the adapter's help.

        Empty for one that it does not know.
        """
        asked = f"GET 1 subscriber.by-imsi-{imsi}.info".encode()
        with socket.create_connection((HOST, CTRL_PORT), timeout=10) as door:
            door.sendall(struct.pack("!HBB", len(asked) + 1, 0xEE, 0) + asked)
            with door.makefile("rb") as heard:
                (length, *_) = struct.unpack("!HBB", heard.read(4))
                said = heard.read(length - 1).decode()
        word, _, rest = said.partition(" 1 ")
        if word == "ERROR":
            assert rest == "No such subscriber.", said
            return {}
        lines = rest.partition(" ")[2].splitlines()
        return {key: value for key, _, value in (line.partition("\t") for line in lines)}


def _program() -> str:
    finder = subprocess.run(
        [ROOT / "tools" / "osmo-hlr", "--find"], capture_output=True, text=True, check=False
    )
    assert finder.returncode == 0, finder.stderr
    return finder.stdout.strip()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@contextmanager
def _turn() -> Iterator[None]:
    """Held by whoever has the ports; other processes of this and other test runs wait."""
    place = Path(tempfile.gettempdir()) / f"keepline-osmo-hlr-{os.getuid()}.lock"
    until = time.monotonic() + TURN_COMES_WITHIN_S
    with place.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                assert time.monotonic() < until, "another test run keeps osmo-hlr's ports"
                time.sleep(0.02)
        yield


@contextmanager
def hlr_process(folder: Path) -> Iterator[HlrProcess]:
    """A running HLR; killed at the end."""
    with _turn():
        process = HlrProcess(folder)
        process.start()
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def hlr(tmp_path: Path) -> Iterator[HlrProcess]:
    with hlr_process(tmp_path) as process:
        yield process
