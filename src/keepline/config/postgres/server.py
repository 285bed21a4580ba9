"""Start, watch and stop the embedded server. Several processes may do so at once.

Readiness is what pg_isready says; life is the lock that every server process holds. A pid is used
for one thing only: to send the signal that stops a server known to live.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from keepline.config.postgres import cluster, locks, roles
from keepline.config.postgres.account import server_account
from keepline.config.postgres.advice import explained, refused
from keepline.config.postgres.binaries import Installation, installed, usable_by
from keepline.config.postgres.place import Place, place_for

PAUSE_S = 0.05
ORPHANS_PATIENCE_S = 120.0
FAST_STOP_S = 60.0


class EmbeddedPostgres:
    """The server whose files are in `data_dir`/postgres. `settings` override postgresql.conf."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self._data = data_dir
        self._settings = dict(settings or {})
        self._child: subprocess.Popen[bytes] | None = None
        try:
            self.place: Place = place_for(data_dir, server_account())
            self.programs: Installation = usable_by(
                self.place.account, installed(), self.place.copies
            )
        except OSError as error:
            raise refused(error, data_dir) from error

    def start(self) -> None:
        """Return when the server takes connections, starting it if need be.

        Waits as long as crash recovery takes. DatabaseUnavailable says what to do.
        """
        try:
            with locks.only_one(self.place.home / "starting"):
                self._start()
        except OSError as error:
            raise refused(error, self._data) from error

    def stop(self) -> None:
        """Stop the server for everybody: open transactions are rolled back, nothing is lost."""
        with locks.only_one(self.place.home / "starting"):
            if not self._signal(signal.SIGINT):
                return
            if not self._gone_within(FAST_STOP_S):
                self._signal(signal.SIGQUIT)
                self._gone_within(FAST_STOP_S)

    def is_ready(self) -> bool:
        """Whether connections are taken right now."""
        return self._answer() == 0

    def is_running(self) -> bool:
        """Whether any process of the server lives; cheap, and blind to zombies."""
        if self._child is not None:
            self._child.poll()  # reaps
        return locks.is_held(self._alive)

    def url(self, role: str, database: str = roles.DATABASE) -> str:
        """The address for `role` (`keepline_app`, `keepline_owner` or `postgres`)."""
        host = quote(str(self.place.socket_folder()), safe="/")
        return f"postgresql://{role}@/{database}?host={host}"

    @property
    def _alive(self) -> Path:
        return self.place.home / "alive"

    def _start(self) -> None:
        self.place.prepare()
        if not self.place.cluster.exists():
            cluster.create(self.place, self.programs)
        silent_since = time.monotonic()
        while (answer := self._answer()) != 0:
            held = locks.claim(self._alive)
            if held is not None:
                try:
                    self._launch(held)
                finally:
                    os.close(held)
                break
            if answer == 1:  # starting up, recovering or shutting down: it will be over
                silent_since = time.monotonic()
            if time.monotonic() - silent_since > ORPHANS_PATIENCE_S:
                raise explained("still in use", self.place.home)
            time.sleep(PAUSE_S)
        roles.ensure_roles_and_database(self.url(cluster.SUPERUSER, "postgres"))

    def _launch(self, alive: int) -> None:
        """Start the server as a session of its own, so that it outlives whoever started it."""
        arguments = cluster.write_configuration(self.place, self.programs, self._settings)
        self._disown_stale_pid()
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        sizes = {path: path.stat().st_size for path in self.place.log.glob("*.log")}
        log = os.open(self.place.start_log, flags, 0o600)
        try:
            child = subprocess.Popen(
                [str(self.programs.bin / "postgres"), *arguments],
                cwd="/",
                env=cluster.server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[alive],
                **self.place.account.popen,
            )
        finally:
            os.close(log)
        while self._answer() != 0:
            if child.poll() is not None:
                raise explained(self._said_since(sizes), self.place.home)
            time.sleep(PAUSE_S)
        self._child = child

    def _disown_stale_pid(self) -> None:
        """Let PostgreSQL see that the pids in its files are stale, although they may be in use.

        Called only while we hold `alive`, so no server process lives. postmaster.pid stays: it also
        names the shared memory, by which PostgreSQL makes sure for itself. The parent's pid (ours)
        is the one that it takes for stale without asking the kernel.
        """
        if _is_postgres(self._pid(), self.place.cluster):
            return
        (self.place.socket_folder() / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        path = self.place.cluster / "postmaster.pid"
        if not path.exists():
            return
        # Not through a link: the folder is the server account's, and we may be root.
        with os.fdopen(os.open(path, os.O_RDWR | os.O_NOFOLLOW), "r+b") as file:
            lines = file.read().split(b"\n")
            lines[0] = str(os.getpid()).encode()
            file.seek(0)
            file.write(b"\n".join(lines))
            file.truncate()

    def _answer(self) -> int:
        """pg_isready: 0 ready, 1 refusing for now, 2 no answer."""
        command = [str(self.programs.bin / "pg_isready"), "--quiet"]
        command += ["--host", str(self.place.socket_folder()), "--timeout=5"]
        return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode

    def _pid(self) -> int:
        try:
            first = (self.place.cluster / "postmaster.pid").read_text(errors="replace").split("\n")
            return int(first[0])
        except (OSError, ValueError):
            return 0

    def _signal(self, number: signal.Signals) -> bool:
        """Signal the postmaster; False when there is none."""
        pid = self._pid()
        if pid <= 0 or not self.is_running():
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def _gone_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self.is_running():
            if time.monotonic() > until:
                return False
            time.sleep(PAUSE_S)
        return True

    def _said_since(self, sizes: Mapping[Path, int]) -> str:
        """What the server wrote at this start; `sizes` are the bytes its logs had before."""
        said = self.place.start_log.read_text(encoding="utf-8", errors="replace")
        for path in self.place.log.glob("*.log"):
            written = path.read_bytes()
            earlier = sizes.get(path, 0)
            said += written[earlier if earlier <= len(written) else 0 :].decode(errors="replace")
        return said


def _is_postgres(pid: int, folder: Path) -> bool:
    """Whether `pid` is a live postmaster of `folder` that someone started without our lock."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return Path(os.fsdecode(arguments[0])).name == "postgres" and os.fsencode(folder) in arguments
