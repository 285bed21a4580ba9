"""A new cluster, and the configuration that every start writes anew."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from keepline.config.errors import DatabaseUnavailable
from keepline.config.postgres.account import own_name
from keepline.config.postgres.advice import explained
from keepline.config.postgres.binaries import Installation
from keepline.config.postgres.place import Place, replace_text

SUPERUSER = "postgres"
OWNER_ROLE = "keepline_owner"
RUNTIME_ROLE = "keepline_app"
NEEDED_BYTES = 200_000_000  # a new cluster is 40 MB, its first WAL files 16 MB each
MEGABYTE = 1024 * 1024


def create(place: Place, programs: Installation) -> None:
    """Make the cluster beside its place, then rename: half a cluster is never mistaken for one."""
    free = shutil.disk_usage(place.home).free
    if free < NEEDED_BYTES:
        raise DatabaseUnavailable(
            f"The disk is full: {free // 10**6} MB are free in {place.home}, and a new database "
            f"needs {NEEDED_BYTES // 10**6} MB; make room, or set KEEPLINE_DATA to another disk."
        )
    making = Path(tempfile.mkdtemp(prefix="cluster-making-", dir=place.home))
    place.account.give(making)
    command = [
        *(str(programs.bin / "initdb"), "--pgdata", str(making)),
        *("--username", SUPERUSER, "--auth=peer", "--encoding=UTF8", "--data-checksums"),
        # Sorting by code point, the same on every machine, whatever its C library says.
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        "--no-instructions",
    ]
    try:
        made = subprocess.run(
            command,
            cwd=making,
            env=server_environment(),
            check=False,
            capture_output=True,
            text=True,
            **place.account.popen,
        )
        if made.returncode != 0:
            raise explained(made.stderr, place.home)
        making.rename(place.cluster)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def server_environment() -> dict[str, str]:
    """Nothing of ours that would reach into PostgreSQL (PGDATA, PGOPTIONS, a locale)."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def write_configuration(
    place: Place, programs: Installation, extra: Mapping[str, str]
) -> list[str]:
    """Write conf/ and return the server's arguments."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{place.socket_folder()}"',
        "unix_socket_permissions": "0700",
        "hba_file": str(place.conf / "pg_hba.conf"),
        "ident_file": str(place.conf / "pg_ident.conf"),
        **_for_this_machine(programs),
        **_checkpoints(place),
        **_logging(place),
        **extra,
    }
    lines = [_setting(name, value) for name, value in settings.items()]
    replace_text(place.conf / "postgresql.conf", "".join(lines))
    # Who may be whom is told by the kernel (peer), never by a password or by trust.
    replace_text(place.conf / "pg_hba.conf", "local all all peer map=keepline\n")
    users = dict.fromkeys((own_name(), place.account.name))
    roles = (SUPERUSER, OWNER_ROLE, RUNTIME_ROLE)
    ident = [f'keepline "{user}" {role}\n' for user in users for role in roles]
    replace_text(place.conf / "pg_ident.conf", "".join(ident))
    return ["-D", str(place.cluster), "-c", f"config_file={place.conf / 'postgresql.conf'}"]


def _setting(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "''")
    return f"{name} = '{quoted}'\n"


def _for_this_machine(programs: Installation) -> dict[str, str]:
    memory_mb = _memory_bytes() // MEGABYTE
    return {
        # A quarter, as PostgreSQL's manual has it: taken page by page as a base grows, and a base
        # of millions pays for every page that has to be read again.
        "shared_buffers": f"{min(8192, max(128, memory_mb // 4))}MB",
        "effective_cache_size": f"{max(256, memory_mb // 2)}MB",
        "max_connections": "100",
        "wal_compression": "lz4" if _built_with_lz4(programs) else "off",
        # Room for what a bulk load writes while the log's writer sleeps (200 ms).
        "wal_buffers": f"{min(64, max(4, memory_mb // 64))}MB",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "default_text_search_config": "pg_catalog.simple",
        "lc_messages": "C",
    }


def _checkpoints(place: Place) -> dict[str, str]:
    """As rare as the disk allows: each makes every page that is touched next go into the log whole,
    and people wait while the pages of a sweep are written back all at once."""
    free_mb = shutil.disk_usage(place.home).free // MEGABYTE
    room_mb = min(16_384, max(1024, free_mb // 10))
    return {
        "max_wal_size": f"{room_mb}MB",
        # Whoever commits when a file of the log is full makes the next one, unless an old one is
        # kept for it: half of the room is.
        "min_wal_size": f"{room_mb // 2}MB",
        "checkpoint_timeout": "15min",
    }


def _logging(place: Place) -> dict[str, str]:
    return {
        "logging_collector": "on",
        "log_directory": str(place.log),
        "log_filename": "server-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %u ",
        "log_min_error_statement": "panic",  # statements may carry personal data
    }


def _memory_bytes() -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return memory
    return min(memory, int(limit)) if limit.isdigit() else memory


def _built_with_lz4(programs: Installation) -> bool:
    """Neither wheel was, as of 2026; a later one may be."""
    asked = subprocess.run(
        [programs.bin / "pg_config", "--configure"], check=False, capture_output=True, text=True
    )
    return "--with-lz4" in asked.stdout
