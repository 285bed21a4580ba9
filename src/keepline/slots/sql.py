"""Statements as SQL, for the few places that touch many rows or run on every renewal.

All of them go through Django's cursor, so that transactions, query counts and the test
runner see them.
"""

from collections import namedtuple
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, cast

from django.db import connection

Params = Sequence[Any] | Mapping[str, Any]


def execute(statement: str, params: Params = ()) -> int:
    """Runs a statement; returns the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cast(int, cursor.rowcount)


def fetch_all(statement: str, params: Params = ()) -> list[Any]:
    """All rows, as named tuples of the statement's columns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        row = _row_type(tuple(column.name for column in cursor.description))
        return [row(*values) for values in cursor.fetchall()]


def fetch_one(statement: str, params: Params = ()) -> Any | None:
    """The first row, or None."""
    rows = fetch_all(statement, params)
    return rows[0] if rows else None


@cache
def _row_type(columns: tuple[str, ...]) -> type[NamedTuple]:
    return cast(type[NamedTuple], namedtuple("Row", columns))  # noqa: PYI024
