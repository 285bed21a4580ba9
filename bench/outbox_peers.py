"""Whom bench.outbox sends to: a mail server (aiosmtpd) and an SMSC (npm smpp), and who stands
beside us as a plain client of each. Each is a process of its own on loopback."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from bench.installation import free_port
from tests.gateways.smsc_process import SmscProcess

WINDOW = 10  # submits without an answer, on each bind: what operators grant mostly
ANSWERS_AFTER_MS = 10  # as one in the same town does
FASTEST_PER_S = 10_000  # no bound


class Peer(Protocol):
    """One end of a channel."""

    @property
    def channel(self) -> str: ...

    @property
    def environ(self) -> dict[str, str]:
        """How our workers find it."""
        ...

    def count(self) -> int:
        """How many messages it took since `forget`."""
        ...

    def taken(self) -> list[str]:
        """What tells them apart: each message's own, the same for a repeat."""
        ...

    def forget(self, keep: bool = True) -> None:
        """Begins anew. `keep`: `taken` will be asked."""
        ...

    def client(self, sample: Path, count: int, threads: int) -> list[str]:
        """The command of a plain client that sends so many; it begins when it is told."""
        ...

    def stop(self) -> None: ...


class MailServer:
    """See Peer. Writes down the Message-ID of every mail that it takes."""

    channel = "email"

    def __init__(self, folder: Path) -> None:
        self._port, self._file = free_port(), folder / "sink.txt"
        command = [sys.executable, "-m", "bench.outbox_sink", str(self._port), str(self._file)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._process.stdout.readline()

    @property
    def environ(self) -> dict[str, str]:
        return {"KEEPLINE_EMAIL_URL": f"smtp://127.0.0.1:{self._port}?tls=none&timeout=30"}

    def count(self) -> int:
        return self._file.read_bytes().count(b"\n")

    def taken(self) -> list[str]:
        return self._file.read_text().split()

    def forget(self, keep: bool = True) -> None:  # noqa: ARG002 - it always writes
        os.truncate(self._file, 0)

    def client(self, sample: Path, count: int, threads: int) -> list[str]:
        numbers = [str(self._port), str(sample), str(count), str(threads)]
        return [sys.executable, "-m", "bench.outbox_client", *numbers]

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


class Smsc:
    """See Peer. Of each holder one number gets one SMS, so the number tells them apart."""

    channel = "sms"

    def __init__(self) -> None:
        self._process = SmscProcess()
        self._process.start()

    @property
    def environ(self) -> dict[str, str]:
        url = self._process.url(rate=FASTEST_PER_S, window=WINDOW)
        return {"KEEPLINE_SMS_URL": url, "KEEPLINE_SMS_FROM": "Keepline"}

    def count(self) -> int:
        return self._process.count()

    def taken(self) -> list[str]:
        return [submit["to"] for submit in self._process.submits()]

    def forget(self, keep: bool = True) -> None:
        self._process.do("forget")
        self._process.behave(quiet=not keep, slow_ms=ANSWERS_AFTER_MS)

    def client(self, sample: Path, count: int, threads: int) -> list[str]:  # noqa: ARG002
        numbers = [self._process.url(window=WINDOW), str(sample), str(count)]
        return [sys.executable, "-m", "bench.outbox_submitter", *numbers]

    def stop(self) -> None:
        self._process.close()
