"""The frame of every import of a file: claimed, judged, loaded in batches, each entered once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction

from keepline.audit import imports
from keepline.audit.imports import Counts
from keepline.audit.models import ImportRun
from keepline.flows.importing.folders import own_folder
from keepline.flows.importing.judging import Refusal
from keepline.flows.importing.pipeline import RowJudge, batches, judge_file
from keepline.flows.importing.reading import FileRefused, Layout
from keepline.flows.importing.spool import bad_rows, good_rows

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


@dataclass(frozen=True)
class FileToImport:
    """A file that was found readable, and how it is worked off.

    `digest` tells the same import again. `at_once` is how many judge, and then how many load; a
    check loads alone.
    """

    path: Path
    layout: Layout
    digest: str
    now: datetime
    progress: Progress
    report: Report
    check: bool
    batch_rows: int
    at_once: int


class Importing(Protocol):
    """What one kind of file does in the frame. Its transactions are its own."""

    def judge(self) -> RowJudge:
        """What judges rows by themselves; travels to other processes."""
        ...

    def load(self, run: ImportRun, rows: list[bytes], refusals: list[Refusal], part: Slots) -> None:
        """T: one batch; it notes the part as done (`enter_part`)."""
        ...

    def finish(self, run: ImportRun) -> None:
        """T: all parts are in."""
        ...


def import_file(file: FileToImport, kind: Importing) -> ImportResult:
    """Imports the file; with `check` everything is done and nothing kept.

    After a kill the next call goes on with the slots that are not in yet. Raises FileRefused when
    another process is at it.
    """
    with nothing_kept(file.check):
        run = imports.begin_import(file.digest, file.path.name, file.now)
        if not imports.claim_import(run):
            raise FileRefused(f"{file.path} is being taken over by another process.")
        before, finished_before = imports.counts_of(run), run.finished_at is not None
        if not finished_before:
            with own_folder(settings.ENV.data, file.digest) as folder:
                _take_in(file, kind, run, folder)
        file.report(imports.refusals_of(file.digest))
        after = imports.counts_of(run)
        imports.free_import(run)
    return ImportResult(
        *after,
        rows_resumed=0 if finished_before else sum(before),
        finished_before=finished_before,
        ignored_columns=file.layout.ignored,
    )


def _take_in(file: FileToImport, kind: Importing, run: ImportRun, folder: Path) -> None:
    judges, loaders = file.at_once, 1 if file.check else file.at_once
    sizes = judge_file(
        file.layout, kind.judge(), folder, judges, lambda line: file.progress("reading", line, 0)
    )
    done = imports.slots_done(run)
    total, entered = sizes.total(), sum(sizes[slot] for slot in done)

    def load(part: Slots) -> None:
        kind.load(run, good_rows(folder, part), bad_rows(folder, part), part)

    for part in loaded(load, list(batches(sizes, done, file.batch_rows)), loaders):
        entered += sum(sizes[slot] for slot in part)
        file.progress("entering", entered, total)
    kind.finish(run)


def enter_part(
    run: ImportRun,
    rows: list[bytes],
    refusals: list[Refusal],
    part: Slots,
    enter: Callable[[bytes], tuple[list[Refusal], int]],
) -> None:
    """In the caller's transaction: enters the rows and notes what became of them.

    `enter` tells which rows were refused and how many were in before.
    """
    refused, present = enter(b"".join(rows)) if rows else ([], 0)
    refused = refusals + refused
    good = len(rows) - (len(refused) - len(refusals)) - present
    imports.record_part(run, part, Counts(good, present, len(refused)), refused)


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
