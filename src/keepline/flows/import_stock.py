"""`stock.imported`: numbers, cards or profiles come into stock from a CSV file, every good row.

    (processes read the file and judge its rows by themselves, into a spool sorted by slot)
    T  import_stock.batch    some slots: stage, judge against stock, enter in sets, note them
    T  import_stock.finish   the audit event

It works as import_base does: a batch is in, or not at all; after a kill the same command goes on;
ids follow from content, so a row that is in already meets itself. docs/inventory.md names columns.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.db import connection

from keepline.audit import imports
from keepline.audit.models import ImportRun
from keepline.catalog.reading import SHORTEST_QUARANTINE_DAYS
from keepline.flows.importing import statements as importing
from keepline.flows.importing.judging import Refusal
from keepline.flows.importing.loading import (
    FileToImport,
    ImportResult,
    Progress,
    Report,
    Slots,
    enter_part,
    import_file,
)
from keepline.flows.importing.reading import Layout, digest_of, layout_of, read_mapping
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
    found = FileToImport(
        file.path, layout, digest, now, progress, report, check, file.batch_rows, at_once
    )
    return import_file(found, _Stock(file, layout, now))


@dataclass(frozen=True)
class _Stock:
    """importing.loading.Importing for numbers, cards or profiles."""

    file: StockFile
    layout: Layout
    now: datetime

    def judge(self) -> StockJudge:
        return StockJudge(self.file.name, self._known())

    def load(self, run: ImportRun, rows: list[bytes], refusals: list[Refusal], part: Slots) -> None:
        with transaction_step("import_stock.batch"):
            enter_part(run, rows, refusals, part, partial(_enter, self.file.name, self.now))

    def finish(self, run: ImportRun) -> None:
        with transaction_step("import_stock.finish"):
            imports.finish_import(run, self.now, ACTION)

    def _known(self) -> Known:
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
        rests = timedelta(days=self.file.shortest_quarantine_days)
        return Known(pools, sealing_keys(), rests, self.layout.date_form, self.now)


def _enter(name: str, now: datetime, copy_block: bytes) -> tuple[list[Refusal], int]:
    """One batch, in sets: the rows that stock refuses, and how many were in before."""
    batch = STATEMENTS[name]
    for statement in (importing.NOT_AWAITED, batch.stage, importing.STAGE_REFUSED):
        execute(statement)
    execute(EMPTY.format(table=batch.table))  # a check has all its batches in one transaction
    with connection.cursor() as cursor, cursor.copy(COPIES[name]) as into:
        into.write(copy_block)
    execute(f"ANALYZE {batch.table}")
    for statement in batch.judge:
        execute(statement)
    refusals = [Refusal(*row) for row in fetch_all(importing.REFUSALS)]
    if refusals:
        execute(DROP_REFUSED.format(table=batch.table))
    present = fetch_all(batch.present)[0].count
    for statement in batch.enter:
        execute(statement, {"now": now} if "%(now)s" in statement else ())
    return refusals, present
