"""Writes and reads of imports: which parts of a file are in, and which rows stayed out."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Sum

from keepline.audit import services as audit
from keepline.audit.models import ImportPart, ImportRefusal, ImportRun
from keepline.slots.sql import fetch_all, fetch_one

LONGEST_VALUE = 200
TRIES, PAUSE_S = 12, 0.25
LOCK_KIND = 1_263_095_117  # "KIMP" in ASCII: the first half of the advisory lock's key
CLAIMED = """
    SELECT objid::bigint AS run_id FROM pg_locks
    WHERE locktype = 'advisory' AND classid = %(kind)s AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND objid::bigint = ANY(%(runs)s)
"""


class Counts(NamedTuple):
    """Rows of a file, or of a part of it. `present` were in before."""

    rows_in: int
    rows_present: int
    rows_bad: int


class Reason(NamedTuple):
    """Why rows stayed out, and how many. `field`: "" where it is the row as a whole."""

    field: str
    reason: str
    rows: int


def begin_import(digest: str, file_name: str, now: datetime) -> ImportRun:
    """The run of this very file, begun or taken up again."""
    run, _ = ImportRun.objects.get_or_create(
        digest=digest, defaults={"file_name": file_name[:200], "started_at": now}
    )
    return run


def claim_import(run: ImportRun) -> bool:
    """Whether this session alone works on the run from now on; its end sets the run free.

    Some seconds are waited: of a session that was killed, and whose import goes on here, the server
    may not have noticed yet that it is gone.
    """
    for _ in range(TRIES):
        row = fetch_one("SELECT pg_try_advisory_lock(%s, %s) AS ours", (LOCK_KIND, run.pk))
        if row and row.ours:
            return True
        fetch_one("SELECT pg_sleep(%s)", (PAUSE_S,))
    return False


def free_import(run: ImportRun) -> None:
    """Another session may work on the run."""
    fetch_one("SELECT pg_advisory_unlock(%s, %s)", (LOCK_KIND, run.pk))


def slots_done(run: ImportRun) -> set[int]:
    """Whose rows are in already."""
    return set(ImportPart.objects.filter(run=run).values_list("slot", flat=True))


def counts_of(run: ImportRun) -> Counts:
    """What the parts so far came to."""
    names = Counts._fields
    sums = ImportPart.objects.filter(run=run).aggregate(**{name: Sum(name) for name in names})
    return Counts(*(sums[name] or 0 for name in names))


def record_part(
    run: ImportRun,
    slots: Sequence[int],
    counts: Counts,
    refusals: Iterable[tuple[int, str, str, str]],
) -> None:
    """The rows of these slots are in. The counts are kept with the first of them."""
    ImportRefusal.objects.bulk_create(
        ImportRefusal(
            run=run, line_number=line, field=field, value=value[:LONGEST_VALUE], reason=reason
        )
        for line, field, value, reason in refusals
    )
    nothing = Counts(0, 0, 0)
    ImportPart.objects.bulk_create(
        ImportPart(run=run, slot=slot, **(nothing if place else counts)._asdict())
        for place, slot in enumerate(slots)
    )


def finish_import(run: ImportRun, now: datetime, action: str) -> None:
    """All of the file is judged; one act of the audit trail for the whole of it."""
    counts = counts_of(run)
    run.rows_in, run.rows_present, run.rows_bad = counts
    run.finished_at = now
    run.save()
    audit.record(
        action,
        actor="import",
        now=now,
        reason=run.file_name,
        facts={"digest": run.digest, **counts._asdict()},
    )


def latest_runs(limit: int) -> list[ImportRun]:
    """Those begun last, newest first."""
    return list(ImportRun.objects.order_by("-started_at", "-id")[:limit])


def counts_among(runs: Sequence[ImportRun]) -> dict[int, Counts]:
    """By run, what its parts so far came to. One query, or none without runs."""
    names = Counts._fields
    rows = ImportPart.objects.filter(run__in=runs).values_list("run_id")
    sums = rows.annotate(*(Sum(name) for name in names)) if runs else []
    return {run_id: Counts(*counts) for run_id, *counts in sums}


def claimed_among(runs: Sequence[ImportRun]) -> set[int]:
    """Those of the runs at which a session works. One query."""
    rows = fetch_all(CLAIMED, {"kind": LOCK_KIND, "runs": [run.pk for run in runs]})
    return {row.run_id for row in rows}


def reasons_among(runs: Sequence[ImportRun]) -> dict[int, list[Reason]]:
    """By run, why rows stayed out, the most frequent first. One query, or none without runs."""
    found: dict[int, list[Reason]] = {}
    rows = ImportRefusal.objects.filter(run__in=runs).values_list("run_id", "field", "reason")
    counted = rows.annotate(rows=Count("id")).order_by("-rows", "field", "reason") if runs else []
    for run_id, *reason in counted:
        found.setdefault(run_id, []).append(Reason(*reason))
    return found


def file_name_of(digest: str) -> str:
    """Of the run whose digest begins so; "" where none was begun: a check, or a death before it."""
    found = ImportRun.objects.filter(digest__startswith=digest).values_list("file_name", flat=True)
    return found.first() or ""


def refusals_of(digest: str) -> Iterator[tuple[int, str, str, str]]:
    """Line number, field, value, reason of every row that stayed out, in the file's order."""
    rows = ImportRefusal.objects.filter(run__digest=digest).order_by("line_number", "id")
    yield from rows.values_list("line_number", "field", "value", "reason").iterator(2000)
