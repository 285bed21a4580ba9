"""Where judged rows lie until they are in, for our eyes only: they tell of people.

Imports hold one lock of the kernel together, as long as they live; who clears up wants it alone. So
what is found then was left by a process that was killed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import NamedTuple

FOLDER = "importing"
NAMED_BY = 32  # signs of the digest


class LeftFolder(NamedTuple):
    """What a killed import left. `digest`: the first signs; `since_at`: last written to."""

    path: Path
    digest: str
    since_at: datetime


@contextmanager
def own_folder(data: Path, digest: str) -> Iterator[Path]:
    """A folder for a claimed file, empty. What a killed import left of the same file is gone.

    Each start has one of another name: whatever of a killed one still writes finds nothing there.
    """
    home = data / FOLDER
    home.mkdir(parents=True, exist_ok=True)
    with _lock(data, fcntl.LOCK_SH):
        _erase(home, digest)
        try:
            yield Path(mkdtemp(prefix=f"{digest[:NAMED_BY]}.", dir=home))
        finally:
            _erase(home, digest)


@contextmanager
def nobody_at_work(data: Path) -> Iterator[bool]:
    """Whether no import of this data folder lives; if so none begins in the meantime."""
    with ExitStack() as held:
        try:
            if (data / FOLDER).exists():
                held.enter_context(_lock(data, fcntl.LOCK_EX | fcntl.LOCK_NB))
            alone = True
        except BlockingIOError:
            alone = False
        yield alone


def left_in(data: Path) -> list[LeftFolder]:
    """The folders that are there, the oldest first."""
    if not (data / FOLDER).exists():
        return []
    found = [
        LeftFolder(path, path.name[:NAMED_BY], _written_at(path))
        for path in (data / FOLDER).iterdir()
    ]
    return sorted(found, key=lambda each: each.since_at)


def _erase(home: Path, digest: str) -> None:
    for folder in home.glob(f"{digest[:NAMED_BY]}*"):
        rmtree(folder, ignore_errors=True)


def _written_at(folder: Path) -> datetime:
    last = max(each.stat().st_mtime for each in (folder, *folder.iterdir()))
    return datetime.fromtimestamp(last, UTC)


@contextmanager
def _lock(data: Path, how: int) -> Iterator[None]:
    """Raises BlockingIOError where it is not waited for."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    descriptor = os.open(data / f"{FOLDER}.lock", flags, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)
