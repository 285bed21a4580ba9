"""Statements as SQL, for the few places that touch many rows or run on every renewal.

They run on Django's connection and inside its transactions, with its errors. Django's own cursor
costs as much again as the statement, so they go round it, unless queries are being counted.
What does not wait for each other's answers can be sent `together`: one round trip for all of it.
"""

from collections import namedtuple
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, NamedTuple, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.adapt import PyFormat, Transformer

Params = Sequence[Any] | Mapping[str, Any]


class Queued(NamedTuple):
    """A write on its way, and what to raise when it did not touch as many rows as it must."""

    cursor: psycopg.Cursor[Any]
    touches: int | None
    otherwise: Exception | None


class Answer:
    """What a statement came to; inside `together` it is there when the block has ended."""

    __slots__ = ("_cursor", "_rows", "_statement", "_touched")

    def __init__(
        self,
        statement: str,
        cursor: psycopg.Cursor[Any] | None,
        rows: list[Any] | None,
        touched: int,
    ) -> None:
        self._statement, self._cursor = statement, cursor
        self._rows, self._touched = rows, touched

    @property
    def touched(self) -> int:
        """How many rows were touched or found."""
        return self._touched if self._cursor is None else self._cursor.rowcount

    def one(self) -> Any | None:
        """The first row, or None."""
        if self._rows is None and self._cursor is not None:
            self._rows = _rows_of(self._cursor, self._statement)
        return self._rows[0] if self._rows else None


_row_types: dict[str, type[NamedTuple]] = {}
_queue: ContextVar[list[Queued] | None] = ContextVar("queue", default=None)


def _connected() -> BaseDatabaseWrapper:
    """This thread's connection itself: Django's proxy looks it up for every attribute."""
    return connections[DEFAULT_DB_ALIAS]


def ask(statement: str, params: Params) -> Answer:
    """Runs a statement whose answer is wanted; inside `together` it is sent along."""
    queue = _queue.get()
    if queue is not None:
        return Answer(statement, _send(queue, statement, params), None, -1)
    with _cursor() as cursor:
        cursor.execute(statement, params)
        rows = _rows_of(cursor, statement) if cursor.description else None
        return Answer(statement, None, rows, cursor.rowcount)


def _send(
    queue: list[Queued],
    statement: str,
    params: Params,
    touches: int | None = None,
    otherwise: Exception | None = None,
) -> psycopg.Cursor[Any]:
    cursor = psycopg.Cursor(_connected().connection)
    cursor.execute(statement.encode(), params, prepare=True)
    queue.append(Queued(cursor, touches, otherwise))
    return cursor


def _rows_of(cursor: Any, statement: str) -> list[Any]:
    row = _row_types.get(statement)
    if row is None:  # looking at a description costs as much as a row
        names = tuple(column[0] for column in cursor.description)
        row = _row_types[statement] = _row_type(names)
    return [row(*values) for values in cursor.fetchall()]


def execute(statement: str, params: Params = ()) -> int:
    """Runs a statement; returns the number of rows it touched."""
    with _cursor() as cursor:
        cursor.execute(statement, params)
        return cast("int", cursor.rowcount)


def fetch_all(statement: str, params: Params = ()) -> list[Any]:
    """All rows, as named tuples of the statement's columns."""
    with _cursor() as cursor:
        cursor.execute(statement, params)
        return _rows_of(cursor, statement)


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
    _send(queue, statement, params, touches, otherwise)


@contextmanager
def together() -> Iterator[None]:
    """Sends the statements of the block in one round trip (libpq's pipeline mode)."""
    connection = _connected()
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
    connection = _connected()
    if connection.queries_logged:
        with connection.cursor() as cursor:
            yield cursor
        return
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as raw:
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


def array(values: Sequence[Any]) -> str:
    """A list as PostgreSQL writes it, for what is sent again and again, and cast there."""
    dumper = Transformer().get_dumper(list(values), PyFormat.TEXT)
    return bytes(dumper.dump(list(values)) or b"").decode()


@cache
def _row_type(columns: tuple[str, ...]) -> type[NamedTuple]:
    return cast("type[NamedTuple]", namedtuple("Row", columns))
