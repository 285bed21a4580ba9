"""`base.imported`: an existing base is taken over from a CSV file, every good row of it.

    (processes read the file and judge its rows by themselves, into a spool sorted by slot)
    T  import_base.batch    some slots: stage, judge against the base, enter in sets, note them
    T  import_base.finish   the audit event

A batch is in, or not at all; after a kill the same command goes on with the slots that are not
in yet. Ids follow from content, so a row that is in already meets itself and changes nothing.
Imported lines are dormant until `keepline go-live`.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from django.db import connection

from keepline.audit import imports
from keepline.audit.models import ImportRun
from keepline.catalog import queries as catalog
from keepline.core.postings import TransferCode
from keepline.flows.importing import statements
from keepline.flows.importing.judging import STAGED, Judge, Known, PlanFacts, Refusal
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
from keepline.ledger import services as ledger
from keepline.slots.sql import execute, fetch_all

ACTION = "base.imported"
BATCH = 20000


def import_base(
    path: Path,
    mapping_path: Path | None,
    check: bool,
    now: datetime,
    progress: Progress,
    report: Report,
    batch_rows: int = BATCH,
    at_once: int = 1,
) -> ImportResult:
    """Imports `path`; with `check` everything is done and nothing kept.

    `report` is given the rows that stayed out (line number, field, value, reason) at the end.
    `at_once` is how many judge, and then how many load; a check loads alone. Raises
    importing.reading.FileRefused when the file cannot be read as a whole, or is being imported.
    """
    mapping = read_mapping(mapping_path)
    layout, digest = layout_of(path, mapping), digest_of(path, mapping)
    file = FileToImport(path, layout, digest, now, progress, report, check, batch_rows, at_once)
    return import_file(file, _Base(layout, now))


@dataclass(frozen=True)
class _Base:
    """importing.loading.Importing for a base."""

    layout: Layout
    now: datetime

    def judge(self) -> Judge:
        return Judge(self.layout, _known(self.now))

    def load(self, run: ImportRun, rows: list[bytes], refusals: list[Refusal], part: Slots) -> None:
        with transaction_step("import_base.batch"):
            enter_part(run, rows, refusals, part, partial(_enter, run, self.now))

    def finish(self, run: ImportRun) -> None:
        with transaction_step("import_base.finish"):
            imports.finish_import(run, self.now, ACTION)


def _known(now: datetime) -> Known:
    """The catalogue as plain values; the house's accounts are opened for its currencies."""
    plans = {
        offer.code: PlanFacts(
            offer.plan_id, offer.policy_id, offer.line_kind, currencies, offer.carriers
        )
        for offer, currencies in catalog.all_on_sale()
    }
    currencies = sorted({c for plan in plans.values() for c in plan.currencies})
    ledger.open_house_accounts(currencies, [])
    return Known(plans, catalog.carrier_ids(), now)


def _enter(run: ImportRun, now: datetime, copy_block: bytes) -> tuple[list[Refusal], int]:
    """One batch, in sets: the rows that the base refuses, and how many were in before."""
    run_actor = f"import:{run.digest[:12]}:"
    params = {
        "now": now,
        "code": int(TransferCode.OPENING_BALANCE),
        "run_actor": run_actor,
        "run_actors": f"{run_actor}%",
    }
    _stage(copy_block)
    for statement in (*statements.ASK, *statements.SAMPLE, *statements.JUDGE):
        _run(statement, params)
    refusals = [Refusal(*row) for row in fetch_all(statements.REFUSALS)]
    if refusals:
        execute(statements.DROP_REFUSED)
    present = fetch_all(statements.COUNT_PRESENT)[0].count
    for statement in statements.ENTER:
        _run(statement, params)
    return refusals, present


def _run(statement: str, params: dict[str, object]) -> None:
    """Runs a statement with those of the parameters that it names."""
    execute(statement, {name: params[name] for name in params if f"%({name})s" in statement})


def _stage(copy_block: bytes) -> None:
    execute(statements.NOT_AWAITED)
    execute(statements.STAGE)
    execute(statements.STAGE_REFUSED)
    execute(statements.EMPTY)  # a check has all its batches in one transaction
    copy = f"COPY import_staged ({', '.join(STAGED)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(copy) as into:
        into.write(copy_block)
