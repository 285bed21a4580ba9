"""The supervisor with real processes."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keepline.cli.supervisor import Child, Supervisor

STAY = "import time; time.sleep(600)"
LEAVE_A_GRANDCHILD = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(child.pid, flush=True); time.sleep({seconds})\n"
)
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('deaf', flush=True); time.sleep(600)"
)


def child(code: str) -> Child:
    return Child("child", [sys.executable, "-c", code], dict(os.environ))


@contextmanager
def running(supervisor: Supervisor) -> Iterator[None]:
    """In a thread, where no signal arrives: `_signals` is replaced by stop()."""
    thread = threading.Thread(target=supervisor._keep_running)
    thread.start()
    try:
        yield
    finally:
        supervisor.stop()
        thread.join()
        supervisor._end_all()


def test_a_child_is_started_again_whatever_its_exit_code() -> None:
    for code in (0, 3):
        lines: list[str] = []
        supervisor = Supervisor([child(f"raise SystemExit({code})")], write=lines.append)
        with running(supervisor):
            wait_for(lambda supervisor=supervisor: supervisor.children[0].starts >= 3)
        ended = [line for line in lines if "ended" in line]
        assert ended[0] == f"child: ended with code {code}, starting again in 0.5 s"
        assert ended[1] == f"child: ended with code {code}, starting again in 1 s"


def test_a_killed_child_is_started_again() -> None:
    supervisor = Supervisor([child(STAY)], write=lambda _: None)
    with running(supervisor):
        first = process_of(supervisor)
        first.kill()
        wait_for(lambda: supervisor.children[0].starts == 2)


def test_output_is_passed_on_behind_the_name() -> None:
    lines: list[str] = []
    supervisor = Supervisor([child("print('one\\ntwo', flush=True);" + STAY)], write=lines.append)
    with running(supervisor):
        wait_for(lambda: len(lines) == 2)
    assert lines == ["child: one", "child: two"]


def test_nothing_of_a_group_outlives_its_child_or_the_end() -> None:
    for seconds in (0, 600):
        lines: list[str] = []
        supervisor = Supervisor(
            [child(LEAVE_A_GRANDCHILD.format(seconds=seconds))], write=lines.append
        )
        with running(supervisor):
            wait_for(lambda lines=lines: bool(lines))
            grandchild = int(lines[0].removeprefix("child: "))
            if seconds == 0:
                wait_for(lambda pid=grandchild: not lives(pid))
        wait_for(lambda pid=grandchild: not lives(pid))


def test_a_deaf_child_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepline.cli.supervisor.TERM_PATIENCE_S", 0.3)
    lines: list[str] = []
    supervisor = Supervisor([child(DEAF)], write=lines.append)
    with running(supervisor):
        wait_for(lambda: bool(lines))
        process = process_of(supervisor)
    assert process.returncode == -signal.SIGKILL


def test_sigint_ends_all_in_order() -> None:
    code = (
        "import os, sys\n"
        "from keepline.cli.supervisor import Child, Supervisor\n"
        f"command = [sys.executable, '-c', {('print(1, flush=True);' + STAY)!r}]\n"
        "stay = Child('stay', command, os.environ)\n"
        "Supervisor([stay], write=lambda line: print(stay.process.pid, flush=True)).run()\n"
        "print('ended', flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as whole:
        assert whole.stdout is not None
        pid = int(whole.stdout.readline())
        whole.send_signal(signal.SIGINT)
        assert whole.communicate(timeout=20)[0] == "ended\n"
    assert whole.returncode == 0
    assert not lives(pid)


def test_a_line_behind_a_pipe_does_not_wait_for_others() -> None:
    code = (
        "import os, sys\n"
        "from keepline.cli.supervisor import Child, Supervisor\n"
        f"command = [sys.executable, '-c', {('print(1, flush=True);' + STAY)!r}]\n"
        "Supervisor([Child('stay', command, os.environ)]).run()\n"
    )
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=buffered) as whole:
        assert whole.stdout is not None
        came, _, _ = select.select([whole.stdout], [], [], 20)
        whole.send_signal(signal.SIGINT)
        assert came
        assert whole.stdout.readline() == b"stay: 1\n"


def test_a_supervised_command_ends_with_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'keepline.cli.supervised', str(os.getpid())]\n"
        "command.append('sandbox-provider')\n"
        "print(subprocess.Popen(command).pid, flush=True); time.sleep(600)\n"
    )
    environment = {
        **os.environ,
        "KEEPLINE_DATA": str(tmp_path),
        "KEEPLINE_MODE": "test",
        "KEEPLINE_PORT": "18470",
    }
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        wait_for((tmp_path / "sandbox-provider").exists)
        parent.kill()
    wait_for(lambda: not lives(pid))


def process_of(supervisor: Supervisor) -> subprocess.Popen[str]:
    wait_for(lambda: supervisor.children[0].process is not None)
    process = supervisor.children[0].process
    assert process is not None
    return process


def lives(pid: int) -> bool:
    """A zombie does not live: nobody may be there to reap it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)
