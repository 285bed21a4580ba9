"""Statements as SQL, for the few places that touch many rows or run on every renewal.

They run on Django's connection and inside its transactions, with its errors. Django's own cursor
costs as much again as the statement, so they go round it, unless queries are being counted.
Writes that need no answer can be sent `together`: one round trip for all of them.
"""

from collections import namedtuple
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, NamedTuple, cast

import psycopg
from django.db import connection

Params = Sequence[Any] | Mapping[str, Any]


class Queued(NamedTuple):
    """A write on its way, and what to raise when it did not touch as many rows as it must."""

    cursor: psycopg.Cursor[Any]
    touches: int | None
    otherwise: Exception | None


_queue: ContextVar[list[Queued] | None] = ContextVar("queue", default=None)


def execute(statement: str, params: Params = ()) -> int:
    """Runs a statement; returns the number of rows it touched."""
    with _cursor() as cursor:
        cursor.execute(statement, params)
        return cast("int", cursor.rowcount)


def fetch_all(statement: str, params: Params = ()) -> list[Any]:
    """All rows, as named tuples of the statement's columns."""
    with _cursor() as cursor:
        cursor.execute(statement, params)
        row = _row_type(tuple(column[0] for column in cursor.description))
        return [row(*values) for values in cursor.fetchall()]


def fetch_one(statement: str, params: Params = ()) -> Any | None:
    """The first row, or None."""
    rows = fetch_all(statement, params)
    return rows[0] if rows else None


def write(
    statement: str,
    params: Params,
    touches: int | None = None,
    otherwise: Exception | None = None,
) -> None:
    """A write whose answer nobody waits for; raises `otherwise` if it touches too few rows.

    Inside `together` it is sent along with the others and judged at the end of the block.
    """
    queue = _queue.get()
    if queue is None:
        _judge(execute(statement, params), touches, otherwise)
        return
    cursor = psycopg.Cursor(connection.connection)
    cursor.execute(statement.encode(), params, prepare=True)
    queue.append(Queued(cursor, touches, otherwise))


@contextmanager
def together() -> Iterator[None]:
    """Sends the writes of the block in one round trip (libpq's pipeline mode)."""
    if connection.queries_logged or _queue.get() is not None:
        yield
        return
    connection.ensure_connection()
    queue: list[Queued] = []
    token = _queue.set(queue)
    try:
        with connection.wrap_database_errors, connection.connection.pipeline():
            yield
    finally:
        _queue.reset(token)
    for queued in queue:
        _judge(queued.cursor.rowcount, queued.touches, queued.otherwise)


def _judge(touched: int, touches: int | None, otherwise: Exception | None) -> None:
    if touches is not None and touched != touches and otherwise is not None:
        raise otherwise


@contextmanager
def _cursor() -> Iterator[Any]:
    if connection.queries_logged:
        with connection.cursor() as cursor:
            yield cursor
        return
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with (
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection) as raw,
    ):
        yield _Prepared(raw)


class _Prepared:
    """A psycopg cursor that prepares what it runs."""

    __slots__ = ("_raw",)

    def __init__(self, raw: psycopg.Cursor[Any]) -> None:
        self._raw = raw

    def execute(self, statement: str, params: Params) -> None:
        self._raw.execute(statement.encode(), params, prepare=True)

    @property
    def rowcount(self) -> int:
        return self._raw.rowcount

    @property
    def description(self) -> Any:
        return self._raw.description

    def fetchall(self) -> list[Any]:
        return self._raw.fetchall()


@cache
def _row_type(columns: tuple[str, ...]) -> type[NamedTuple]:
    return cast("type[NamedTuple]", namedtuple("Row", columns))
