"""Two file locks: who starts the server, and whether any process of it lives.

Locks of the kernel end with their process. A pid in a file does not: it may be a zombie's that
nobody reaps, or belong to another program by now.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Wait until no other process holds `path`, then hold it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def claim(path: Path) -> int | None:
    """A descriptor that holds `path`, to be handed down to the server; None when one lives."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_held(path: Path) -> bool:
    """Whether a process of the server lives."""
    if not path.exists():
        return False
    descriptor = claim(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False
