"""What a piece of work costs: wall time, CPU of client and backend, WAL. Needs Django alone."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection


@dataclass(frozen=True)
class Cost:
    """Of `lines` lines together. CPU in microseconds, WAL as positions in the server's log."""

    lines: int
    seconds: float
    client_us: float
    server_us: float
    wal_from: str
    wal_to: str

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def measured(work: Callable[[], int]) -> Cost:
    """Runs `work`, which returns how many lines it did on Django's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), pg_current_wal_insert_lsn()")
        pid, wal_from = cursor.fetchone()
    server, client, began = _cpu_ns(pid), time.process_time_ns(), time.perf_counter()
    lines = work()
    seconds = time.perf_counter() - began
    client, server = time.process_time_ns() - client, _cpu_ns(pid) - server
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), pg_current_wal_insert_lsn()")
        same, wal_to = cursor.fetchone()
    if same != pid:
        raise RuntimeError("the work went on another connection than the one that was watched")
    return Cost(lines, seconds, client / 1000, server / 1000, str(wal_from), str(wal_to))


def _cpu_ns(pid: int) -> int:
    """Nanoseconds on a CPU so far, to the scheduler's own precision."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
