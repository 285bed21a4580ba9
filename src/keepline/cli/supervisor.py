"""Keeps child processes running.

A child that ends for any reason is started again, exit code 0 included: a worker ends so when the
database goes away. Pauses grow from half a second to half a minute, and a child that ran for a
minute begins anew. Each child has a process group of its own, and nothing of the group outlives it.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from click import echo  # flushes: behind a pipe a line would else wait for 8 kB of others

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 60.0
LOOK_EVERY_S = 0.1
TERM_PATIENCE_S = 10.0

Print = Callable[[str], None]


@dataclass
class Child:
    """One program to keep running. Its output lines are printed behind `name`."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[str] | None = None
    started_at_s: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    due_at_s: float = 0.0
    starts: int = 0


@dataclass
class Supervisor:
    """Runs `children`; `tend` is called about once a second, for what is no child."""

    children: list[Child]
    tend: Callable[[], None] = lambda: None
    write: Print = echo
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Return after stop(), SIGINT or SIGTERM, when every child has ended."""
        with _signals(self._stop):
            try:
                self._keep_running()
            finally:
                self._end_all()

    def stop(self) -> None:
        self._stop.set()

    def _keep_running(self) -> None:
        tended_at_s = 0.0
        while not self._stop.is_set():
            now_s = time.monotonic()
            if now_s - tended_at_s >= 1.0:
                self.tend()
                tended_at_s = now_s
            for child in self.children:
                self._look_after(child, now_s)
            self._stop.wait(LOOK_EVERY_S)

    def _look_after(self, child: Child, now_s: float) -> None:
        if child.process is None:
            if now_s >= child.due_at_s:
                self._start(child, now_s)
            return
        code = child.process.poll()
        if code is None:
            return
        _signal_group(child.process, signal.SIGKILL)  # what it left behind would hold its port
        child.process = None
        if now_s - child.started_at_s >= STEADY_AFTER_S:
            child.pause_s = FIRST_PAUSE_S
        self.write(f"{child.name}: ended with code {code}, starting again in {child.pause_s:g} s")
        child.due_at_s = now_s + child.pause_s
        child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S)

    def _start(self, child: Child, now_s: float) -> None:
        child.process = subprocess.Popen(
            child.command,
            env=dict(child.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        child.started_at_s = now_s
        child.starts += 1
        threading.Thread(
            target=self._pass_on, args=(child.name, child.process), daemon=True
        ).start()

    def _pass_on(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.write(f"{name}: {line.rstrip()}")

    def _end_all(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            _signal_group(process, signal.SIGTERM)
        until_s = time.monotonic() + TERM_PATIENCE_S
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.0, until_s - time.monotonic()))
            _signal_group(process, signal.SIGKILL)
            process.wait()


def _signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


@contextlib.contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP set `stop`, a second one changes nothing."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        numbers.append(signal.SIGHUP)
    earlier = {each: signal.signal(each, lambda *_: stop.set()) for each in numbers}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
