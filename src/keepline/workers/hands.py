"""Hands of a worker: threads for each kind of work, one row's failure kept from all others."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from functools import cache
from typing import TypeVar

import structlog
from django.db import close_old_connections

from keepline.accounts import clocks

log = structlog.get_logger(__name__)
Clock = Callable[[], datetime]
Row = TypeVar("Row")
Result = TypeVar("Result")
THREADS = 8


@cache
def pool(work: str, threads: int = THREADS) -> ThreadPoolExecutor:
    """One for each kind of work: letters do not wait behind a provider that hangs."""
    return ThreadPoolExecutor(threads, thread_name_prefix=work)


def side_by_side(
    kind: str, work: Callable[[Row], Result], rows: Iterable[Row], threads: int = THREADS
) -> Iterator[Result | None]:
    """Slow answers are waited for side by side."""
    return pool(kind, threads).map(_guarded(work), rows)


def begin(
    kind: str, work: Callable[[Row], Result], row: Row, threads: int
) -> Future[Result | None]:
    """The work is under way; whoever wants to know waits for it."""
    return pool(kind, threads).submit(_guarded(work), row)


def without_waiting(
    kind: str,
    work: Callable[[Row], Result],
    rows: Iterable[Row],
    threads: int,
    patience_s: float,
) -> list[Result | None]:
    """The same, but slow ones are waited for so long and no longer: they end by themselves."""
    begun = [begin(kind, work, row, threads) for row in rows]
    done, _ = wait(begun, timeout=patience_s)
    return [each.result() for each in begun if each in done]


def by_test_clocks(work: Callable[[Clock, int], int]) -> int:
    """The same for each test clock that stands still: at what it shows."""
    steps = 0
    for each in clocks.all_clocks():
        with clocks.at_rest(each.id) as shown_at:
            if shown_at is not None:
                steps += work(lambda shown=shown_at: shown, each.id)  # type: ignore[misc]
    return steps


def _guarded(work: Callable[[Row], Result]) -> Callable[[Row], Result | None]:
    """One row that fails must not stop the batch; it is due again when its lease ends."""

    def guarded(row: Row) -> Result | None:
        close_old_connections()
        try:
            return work(row)
        except Exception:
            log.exception("due_work_failed", row=str(row))
            return None
        finally:
            close_old_connections()

    return guarded
