"""Between two tests: rows are taken away cheaply, and the connection stays warm.

Django would name every table in one TRUNCATE, which makes new files for all of them and their
indexes, and has every connection plan its statements anew; then it would close the connection.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase
from psycopg._preparing import PrepareManager
from psycopg.pq import TransactionStatus


@contextmanager
def tables_are_emptied_by(superuser_url: str) -> Iterator[None]:
    """Within, tests with real commits end so."""
    # As a replica: facts may be deleted, and no order of references has to be kept.
    options = "-c lock_timeout=20s -c session_replication_role=replica"
    with (
        psycopg.connect(superuser_url, options=options, autocommit=True) as direct,
        pytest.MonkeyPatch.context() as patch,
    ):
        broom = Broom(direct)
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: broom.sweep())
        patch.setattr(TransactionTestCase, "_should_reload_connections", _is_in_the_middle)
        connection_created.connect(_remember_statements)
        yield
        connection_created.disconnect(_remember_statements)


class Broom:
    """Deletes the rows of all tables that Django's own flush would empty."""

    def __init__(self, direct: psycopg.Connection[Any]) -> None:
        self._direct = direct
        tables = connection.introspection.django_table_names(
            only_existing=True, include_views=False
        )
        names = [connection.ops.quote_name(table) for table in sorted(tables)]
        # Somebody who was killed may be about to commit.
        self._lock = f"LOCK {', '.join(names)} IN EXCLUSIVE MODE".encode()
        asked = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)
        self._which_hold_rows = " UNION ALL ".join(asked).encode()

    def sweep(self) -> None:
        with self._direct.transaction():
            self._direct.execute(self._lock)
            found = self._direct.execute(self._which_hold_rows, prepare=True).fetchall()
            self._direct.execute("; ".join(f"DELETE FROM {name}" for (name,) in found).encode())


class Remembering(PrepareManager):
    """psycopg forgets what is prepared at each ROLLBACK, lest a table was made before it, and keeps
    a hundred statements at most. Most tests end with ROLLBACK, make no table, and say far more."""

    prepared_max = 2000

    def clear(self) -> bool:
        return False

    def _should_discard(self, prep: Any, results: Any) -> bool:
        words = [(result.command_status or b"").split(b" ")[0] for result in results]
        return bool({b"DROP", b"ALTER"}.intersection(words)) and super().clear()


def _remember_statements(connection: Any, **_: object) -> None:
    raw = connection.connection
    threshold = raw.prepare_threshold
    raw._prepared = Remembering()
    raw.prepare_threshold = threshold


def _is_in_the_middle(_: TransactionTestCase) -> bool:
    """Whether the connection has to be closed, because it is of no use to the next test."""
    raw = connection.connection
    return raw is not None and (
        connection.in_atomic_block or raw.info.transaction_status is not TransactionStatus.IDLE
    )
