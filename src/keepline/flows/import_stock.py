"""`stock.imported`: numbers, cards or profiles come into stock from a CSV file, every good row.

    (processes read the file and judge its rows by themselves, into a spool sorted by slot)
    T  import_stock.batch    some slots: stage, judge against stock, enter in sets, note them
    T  import_stock.finish   the audit event

It works as import_base does: a batch is in, or not at all; after a kill the same command goes on;
ids follow from content, so a row that is in already meets itself. docs/inventory.md names columns.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection

from keepline.audit import imports
from keepline.audit.imports import Counts
from keepline.audit.models import ImportRun
from keepline.catalog.reading import SHORTEST_QUARANTINE_DAYS
from keepline.flows.importing import statements as importing
from keepline.flows.importing.judging import Refusal
from keepline.flows.importing.loading import ImportResult, Progress, Report, loaded, nothing_kept
from keepline.flows.importing.pipeline import batches, judge_file
from keepline.flows.importing.reading import FileRefused, Layout, digest_of, layout_of, read_mapping
from keepline.flows.importing.spool import bad_rows, good_rows
from keepline.flows.steps import transaction_step
from keepline.flows.stocking.columns import FILES
from keepline.flows.stocking.judging import Known, PoolFacts, StockJudge
from keepline.flows.stocking.statements import COPIES, DROP_REFUSED, EMPTY, STATEMENTS
from keepline.inventory import queries as inventory
from keepline.inventory.sealing import sealing_keys
from keepline.slots.sql import execute, fetch_all

ACTION = "stock.imported"
BATCH = 20000


@dataclass(frozen=True)
class StockFile:
    """What is to be imported. `name`: numbers, cards or profiles.

    `shortest_quarantine_days`: how long the law keeps a number from the next holder.
    """

    name: str
    path: Path
    mapping_path: Path | None = None
    shortest_quarantine_days: int = SHORTEST_QUARANTINE_DAYS
    batch_rows: int = BATCH


@dataclass(frozen=True)
class _Work:
    """What every batch of one import shares."""

    file: StockFile
    run: ImportRun
    folder: Path
    now: datetime
    progress: Progress


def import_stock(
    file: StockFile,
    check: bool,
    now: datetime,
    progress: Progress,
    report: Report,
    at_once: int = 1,
) -> ImportResult:
    """Imports the file; with `check` everything is done and nothing kept.

    As import_base: `report` is given the rows that stayed out at the end, `at_once` is how many
    judge, and then how many load. Raises importing.reading.FileRefused when the file cannot be
    read as a whole, or is being imported.
    """
    kind = FILES[file.name]
    mapping = read_mapping(file.mapping_path, kind.columns)
    layout = layout_of(file.path, mapping, kind.columns, kind.needed)
    digest = digest_of(file.path, mapping, file.name)
    with nothing_kept(check), TemporaryDirectory(prefix="keepline-import-") as folder:
        run = imports.begin_import(digest, file.path.name, now)
        if not imports.claim_import(run):
            raise FileRefused(f"{file.path} is being taken over by another process.")
        before, finished_before = imports.counts_of(run), run.finished_at is not None
        if not finished_before:
            work = _Work(file, run, Path(folder), now, progress)
            _take_in(work, layout, at_once, 1 if check else at_once)
        report(imports.refusals_of(digest))
        after = imports.counts_of(run)
        imports.free_import(run)
    return ImportResult(
        *after,
        rows_resumed=0 if finished_before else sum(before),
        finished_before=finished_before,
        ignored_columns=layout.ignored,
    )


def _take_in(work: _Work, layout: Layout, judges: int, loaders: int) -> None:
    judge = StockJudge(work.file.name, _known(work, layout))
    sizes = judge_file(
        layout, judge, work.folder, judges, lambda line: work.progress("reading", line, 0)
    )
    done = imports.slots_done(work.run)
    todo = list(batches(sizes, done, work.file.batch_rows))
    total = sizes.total()
    entered = sum(sizes[slot] for slot in done)
    for slots in loaded(lambda batch: _load(work, batch), todo, loaders):
        entered += sum(sizes[slot] for slot in slots)
        work.progress("entering", entered, total)
    with transaction_step("import_stock.finish"):
        imports.finish_import(work.run, work.now, ACTION)


def _known(work: _Work, layout: Layout) -> Known:
    """The pools as plain values."""
    pools = {
        code: PoolFacts(
            pool.id,
            pool.kind,
            tuple((first, last) for first, last in pool.ranges),
            tuple(pool.iccid_prefixes),
            tuple(pool.imsi_prefixes),
        )
        for code, pool in inventory.pools_by_code().items()
    }
    rests = timedelta(days=work.file.shortest_quarantine_days)
    return Known(pools, sealing_keys(), rests, layout.date_form, work.now)


def _load(work: _Work, slots: tuple[int, ...]) -> None:
    rows, refusals = good_rows(work.folder, slots), bad_rows(work.folder, slots)
    with transaction_step("import_stock.batch"):
        refused, present = _enter(work, b"".join(rows)) if rows else ([], 0)
        refusals += refused
        good = len(rows) - len(refused) - present
        imports.record_part(work.run, slots, Counts(good, present, len(refusals)), refusals)


def _enter(work: _Work, copy_block: bytes) -> tuple[list[Refusal], int]:
    """One batch, in sets: the rows that stock refuses, and how many were in before."""
    batch = STATEMENTS[work.file.name]
    for statement in (importing.NOT_AWAITED, batch.stage, importing.STAGE_REFUSED):
        execute(statement)
    execute(EMPTY.format(table=batch.table))  # a check has all its batches in one transaction
    with connection.cursor() as cursor, cursor.copy(COPIES[work.file.name]) as into:
        into.write(copy_block)
    execute(f"ANALYZE {batch.table}")
    for statement in batch.judge:
        execute(statement)
    refusals = [Refusal(*row) for row in fetch_all(importing.REFUSALS)]
    if refusals:
        execute(DROP_REFUSED.format(table=batch.table))
    present = fetch_all(batch.present)[0].count
    for statement in batch.enter:
        execute(statement, {"now": work.now} if "%(now)s" in statement else ())
    return refusals, present
