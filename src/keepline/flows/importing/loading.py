"""What taking over a file is made of, whatever is in it: batches, one after the other or side by
side, each entered once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from django.db import IntegrityError, OperationalError, connection, transaction

ATTEMPTS = 3

Slots = tuple[int, ...]
Load = Callable[[Slots], None]
Progress = Callable[[str, int, int], None]  # reading or entering; line or rows; rows in all, or 0
Report = Callable[[Iterator[tuple[int, str, str, str]]], None]


@dataclass(frozen=True)
class ImportResult:
    """What an import came to. `present` rows were in before; `resumed` by an earlier start."""

    rows_in: int
    rows_present: int
    rows_bad: int
    rows_resumed: int
    finished_before: bool
    ignored_columns: tuple[str, ...]


@contextmanager
def nothing_kept(check: bool) -> Iterator[None]:
    """A check is the import itself, in one transaction that is taken back."""
    if not check:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def loaded(load: Load, todo: Sequence[Slots], loaders: int) -> Iterator[Slots]:
    """Loads the batches; each is yielded when it is in.

    Two loaders may meet at something that two rows of the file claim. The database lets one of
    them through; the other batch is judged anew when no one else loads.
    """
    alone = list(todo) if loaders == 1 else []
    if loaders > 1:
        with ThreadPoolExecutor(loaders, "import") as pool:
            futures = {pool.submit(_load_aside, load, slots): slots for slots in todo}
            try:
                for future in as_completed(futures):
                    if future.result():
                        yield futures[future]
                    else:
                        alone.append(futures[future])
            finally:
                pool.shutdown(cancel_futures=True)
    for slots in sorted(alone):
        _load_again(load, slots)
        yield slots


def _load_aside(load: Load, slots: Slots) -> bool:
    """One batch, on a connection of its own; False when it met another one."""
    try:
        load(slots)
    except (IntegrityError, OperationalError):  # a row of the other's, or a deadlock with it
        return False
    finally:
        connection.close()
    return True


def _load_again(load: Load, slots: Slots) -> None:
    """One batch, alone: others may still sell from stock, or take over another file."""
    for _ in range(ATTEMPTS - 1):
        with suppress(IntegrityError):
            return load(slots)
    return load(slots)
