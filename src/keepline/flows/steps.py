"""The two kinds of step a flow is made of: a transaction, or a network call. Never both.

Each step has a name, and each name has boundaries at which a process may die. Tests read the
names out of the code, kill the process at every one and look whether money still equals
service (tests/crash).
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

BOUNDARIES = {
    "transaction": ("before", "uncommitted", "after"),
    "network": ("before", "after"),
}


def crash_point(name: str) -> None:
    """Dies here by SIGKILL when the crash tests ask for it; otherwise costs one look-up."""
    if os.environ.get("KEEPLINE_CRASH_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def transaction_step(name: str) -> Iterator[None]:
    """One transaction. Everything in it happens, or nothing."""
    crash_point(f"{name}:before")
    with transaction.atomic():
        yield
        crash_point(f"{name}:uncommitted")
    crash_point(f"{name}:after")


@contextmanager
def network_step(name: str) -> Iterator[None]:
    """One call to somebody else. Refused inside a transaction: locks must not wait for them."""
    if connection.in_atomic_block and not _inside_test_transaction():
        raise RuntimeError(f"{name}: a network call inside a transaction")
    crash_point(f"{name}:before")
    yield
    crash_point(f"{name}:after")


def _inside_test_transaction() -> bool:
    # pytest-django wraps a test in one outer atomic block, marked so by Django itself.
    blocks: list[Any] = connection.atomic_blocks
    return len(blocks) == 1 and bool(blocks[0]._from_testcase)
