"""`base.imported`: an existing base is taken over from a CSV file, every good row of it.

    (another process reads and judges rows by themselves)
    T  import_base.batch    stage, judge against the base, enter in sets, remember how far
    T  import_base.finish   the audit event

A batch is in, or not at all; after a kill the same command goes on behind the last batch. Ids
follow from content, so a row that is in already meets itself and changes nothing. Imported lines
are dormant until `keepline go-live`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from keepline.audit import imports
from keepline.audit.models import ImportRun
from keepline.catalog import queries as catalog
from keepline.core.postings import TransferCode
from keepline.flows.importing import statements
from keepline.flows.importing.judging import STAGED, Known, PlanFacts, Refusal
from keepline.flows.importing.pipeline import Batch, batches
from keepline.flows.importing.reading import digest_of, layout_of, read_mapping
from keepline.flows.steps import transaction_step
from keepline.ledger import services as ledger
from keepline.slots.sql import execute, fetch_all

ACTION = "base.imported"
BATCH = 20000


@dataclass
class ImportResult:
    """What an import came to. `present` rows were in before."""

    rows_in: int
    rows_present: int
    rows_bad: int
    resumed_after_line: int
    finished_before: bool
    ignored_columns: tuple[str, ...]


Progress = Callable[[int, ImportResult], None]  # the line reached, what it came to so far


def import_base(
    path: Path,
    mapping_path: Path | None,
    check: bool,
    now: datetime,
    progress: Progress,
    report: Callable[[Iterator[tuple[int, str, str, str]]], None],
    batch_rows: int = BATCH,
) -> ImportResult:
    """Imports `path`; with `check` everything is done and nothing kept.

    `report` is given the rows that stayed out (line number, field, value, reason) at the end.
    Raises importing.reading.FileRefused when the file cannot be read as a whole.
    """
    mapping = read_mapping(mapping_path)
    layout = layout_of(path, mapping)
    digest = digest_of(path, mapping)
    with _nothing_kept(check):
        known = _known(now)
        run = imports.begin_import(digest, path.name, now)
        result = ImportResult(
            rows_in=run.rows_in,
            rows_present=run.rows_present,
            rows_bad=run.rows_bad,
            resumed_after_line=run.last_line,
            finished_before=run.finished_at is not None,
            ignored_columns=layout.ignored,
        )
        if run.finished_at is None:
            for batch in batches(layout, known, run.last_line, batch_rows):
                with transaction_step("import_base.batch"):
                    _load(run, batch, result, now)
                progress(batch.last_line, result)
            with transaction_step("import_base.finish"):
                imports.finish_import(run, now)
        report(imports.refusals_of(digest))
    return result


@contextmanager
def _nothing_kept(check: bool) -> Iterator[None]:
    """A check is the import itself, in one transaction that is taken back."""
    if not check:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


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


def _load(run: ImportRun, batch: Batch, result: ImportResult, now: datetime) -> None:
    """One batch, in sets. The run's row is locked first: two imports of a file take turns."""
    run = imports.lock_import(run)
    if batch.last_line <= run.last_line:
        return
    params = {
        "now": now,
        "code": int(TransferCode.OPENING_BALANCE),
        "run_actor": f"import:{run.digest[:12]}:",
        "run_actors": f"import:{run.digest[:12]}:%",
    }
    _stage(batch)
    for statement in statements.JUDGE:
        _run(statement, params)
    refusals = [Refusal(*row) for row in fetch_all(statements.REFUSALS)]
    if refusals:
        execute(statements.DROP_REFUSED)
    present = execute(statements.MARK_PRESENT)
    for statement in statements.ENTER:
        _run(statement, params)
    result.rows_in += batch.good - len(refusals) - present
    result.rows_present += present
    result.rows_bad += len(refusals) + len(batch.refusals)
    imports.advance_import(
        run,
        batch.last_line,
        (result.rows_in, result.rows_present, result.rows_bad),
        [*batch.refusals, *refusals],
    )


def _run(statement: str, params: dict[str, object]) -> None:
    """Runs a statement with those of the parameters that it names."""
    execute(statement, {name: params[name] for name in params if f"%({name})s" in statement})


def _stage(batch: Batch) -> None:
    execute(statements.STAGE)
    execute(statements.STAGE_REFUSED)
    execute(statements.EMPTY)  # a check has all its batches in one transaction
    copy = f"COPY import_staged ({', '.join(STAGED)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(copy) as into:
        into.write(batch.copy_block)
    execute(statements.FEW_SAMPLES)
    execute(statements.SAMPLE)
