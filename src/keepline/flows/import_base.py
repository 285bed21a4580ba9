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
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection

from keepline.audit import imports
from keepline.audit.imports import Counts
from keepline.audit.models import ImportRun
from keepline.catalog import queries as catalog
from keepline.core.postings import TransferCode
from keepline.flows.importing import statements
from keepline.flows.importing.judging import STAGED, Judge, Known, PlanFacts, Refusal
from keepline.flows.importing.loading import ImportResult, Progress, Report, loaded, nothing_kept
from keepline.flows.importing.pipeline import batches, judge_file
from keepline.flows.importing.reading import FileRefused, Layout, digest_of, layout_of, read_mapping
from keepline.flows.importing.spool import bad_rows, good_rows
from keepline.flows.steps import transaction_step
from keepline.ledger import services as ledger
from keepline.slots.sql import execute, fetch_all

ACTION = "base.imported"
BATCH = 20000


@dataclass(frozen=True)
class _Work:
    """What every batch of one import shares."""

    run: ImportRun
    folder: Path
    batch_rows: int
    now: datetime
    progress: Progress


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
    layout = layout_of(path, mapping)
    digest = digest_of(path, mapping)
    with nothing_kept(check), TemporaryDirectory(prefix="keepline-import-") as folder:
        known = _known(now)
        run = imports.begin_import(digest, path.name, now)
        if not imports.claim_import(run):
            raise FileRefused(f"{path} is being taken over by another process.")
        before, finished_before = imports.counts_of(run), run.finished_at is not None
        if not finished_before:
            work = _Work(run, Path(folder), batch_rows, now, progress)
            _take_over(work, layout, known, at_once, 1 if check else at_once)
        report(imports.refusals_of(digest))
        after = imports.counts_of(run)
        imports.free_import(run)
    return ImportResult(
        *after,
        rows_resumed=0 if finished_before else sum(before),
        finished_before=finished_before,
        ignored_columns=layout.ignored,
    )


def _known(now: datetime) -> Known:
    """The catalogue as plain values; the house's accounts are opened for its currencies."""
    plans = {
        offer.code: PlanFacts(
            offer.plan_id, offer.policy_id, offer.line_kind, currencies, offer.carrier_id
        )
        for offer, currencies in catalog.all_on_sale()
    }
    currencies = sorted({c for plan in plans.values() for c in plan.currencies})
    ledger.open_house_accounts(currencies, [])
    return Known(plans, catalog.carrier_ids(), now)


def _take_over(work: _Work, layout: Layout, known: Known, judges: int, loaders: int) -> None:
    sizes = judge_file(
        layout,
        Judge(layout, known),
        work.folder,
        judges,
        lambda line: work.progress("reading", line, 0),
    )
    done = imports.slots_done(work.run)
    todo = list(batches(sizes, done, work.batch_rows))
    total = sizes.total()
    entered = sum(sizes[slot] for slot in done)
    for slots in loaded(lambda batch: _load(work, batch), todo, loaders):
        entered += sum(sizes[slot] for slot in slots)
        work.progress("entering", entered, total)
    with transaction_step("import_base.finish"):
        imports.finish_import(work.run, work.now, ACTION)


def _load(work: _Work, slots: tuple[int, ...]) -> None:
    rows, refusals = good_rows(work.folder, slots), bad_rows(work.folder, slots)
    with transaction_step("import_base.batch"):
        refused, present = _enter(work, b"".join(rows)) if rows else ([], 0)
        refusals += refused
        good = len(rows) - len(refused) - present
        imports.record_part(work.run, slots, Counts(good, present, len(refusals)), refusals)


def _enter(work: _Work, copy_block: bytes) -> tuple[list[Refusal], int]:
    """One batch, in sets: the rows that the base refuses, and how many were in before."""
    run_actor = f"import:{work.run.digest[:12]}:"
    params = {
        "now": work.now,
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
