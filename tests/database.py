"""The server behind the tests. fsync is off: what a power cut does is not tested with it."""

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keepline.config.postgres import EmbeddedPostgres
from keepline.config.postgres.cluster import SUPERUSER

EXTERNAL = "KEEPLINE_TEST_DATABASE_URL"
SHARED_FOLDER = "KEEPLINE_TESTS_FOLDER"  # told by the first process to xdist's workers
PREFIX = "keepline-tests-"
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # plans follow what a test wrote, not when somebody looked
    "shared_buffers": "128MB",
    "max_connections": "300",  # hundreds of buyers come at once
}


def is_external() -> bool:
    return bool(os.environ.get(EXTERNAL))


def run_folder() -> Path:
    """This run's folder. The process that makes it holds its lock for life."""
    if told := os.environ.get(SHARED_FOLDER):
        return Path(told)
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o711)  # under root the server runs as another user, who has to get in
    (folder / "server").mkdir(mode=0o711)
    fcntl.flock(os.open(folder / "owner", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)
    os.environ[SHARED_FOLDER] = str(folder)
    atexit.register(remove, folder)
    return folder


def _remove_abandoned() -> None:
    """End the servers of runs that were killed: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if folder.stat().st_uid != os.geteuid() or not (folder / "owner").exists():
            continue
        descriptor = os.open(folder / "owner", os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(folder)
        except BlockingIOError:
            pass
        finally:
            os.close(descriptor)


def remove(folder: Path) -> None:
    """Stop the servers of a run and remove its folder; again is harmless."""
    for data in {path.parent for path in folder.glob("*/postgres*")}:
        EmbeddedPostgres(data).stop()
    shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path) -> None:
    if not is_external():
        _server(folder).start()


def owner_url(folder: Path, name: str = "keepline") -> str:
    return os.environ.get(EXTERNAL) or _server(folder).url("keepline_owner", name)


def runtime_url(folder: Path, name: str = "keepline") -> str:
    return os.environ.get(EXTERNAL) or _server(folder).url("keepline_app", name)


def _server(folder: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder / "server", SETTINGS)


@contextmanager
def as_runtime_role(folder: Path) -> Iterator[None]:
    """Within, Django's connections sign in as the runtime role.

    Only emptying the tables after a test with real commits is left to another, for the runtime role
    may not (tests/between_tests.py).
    """
    import psycopg
    from django.db import connection

    from keepline.config.grants import grant_runtime
    from tests.between_tests import tables_are_emptied_by

    name = connection.settings_dict["NAME"]
    owner = owner_url(folder, name)
    with psycopg.connect(owner, autocommit=True) as direct:  # as in a real installation
        direct.execute(f'REVOKE TEMPORARY ON DATABASE "{name}" FROM PUBLIC'.encode())
    grant_runtime(owner, "keepline_app")

    with tables_are_emptied_by(_server(folder).url(SUPERUSER, name)):
        sign_in(connection, "keepline_app")
        yield
        sign_in(connection, "keepline_owner")


def sign_in(connection: Any, role: str) -> None:
    connection.close()
    connection.settings_dict["USER"] = role
