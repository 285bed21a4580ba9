"""Writes and reads of imports: how far a file got, and which rows stayed out."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from keepline.audit import services as audit
from keepline.audit.models import ImportRefusal, ImportRun

Counts = tuple[int, int, int]  # in, present before, bad
LONGEST_VALUE = 200


def begin_import(digest: str, file_name: str, now: datetime) -> ImportRun:
    """The run of this very file, begun or taken up again."""
    run, _ = ImportRun.objects.get_or_create(
        digest=digest, defaults={"file_name": file_name[:200], "started_at": now}
    )
    return run


def lock_import(run: ImportRun) -> ImportRun:
    """The run as it stands now, locked: two processes with one file take turns."""
    return ImportRun.objects.select_for_update().get(pk=run.pk)


def advance_import(
    run: ImportRun, last_line: int, counts: Counts, refusals: Sequence[tuple[int, str, str, str]]
) -> None:
    """A batch is in: remembers the line, the counts and the rows that stayed out."""
    ImportRefusal.objects.bulk_create(
        ImportRefusal(
            run=run, line_number=line, field=field, value=value[:LONGEST_VALUE], reason=reason
        )
        for line, field, value, reason in refusals
    )
    run.last_line = last_line
    run.rows_in, run.rows_present, run.rows_bad = counts
    run.save()


def finish_import(run: ImportRun, now: datetime) -> None:
    """All of the file is judged; one act of the audit trail for the whole of it."""
    run.refresh_from_db()
    run.finished_at = now
    run.save(update_fields=["finished_at"])
    audit.record(
        "base.imported",
        actor="import",
        now=now,
        reason=run.file_name,
        facts={
            "digest": run.digest,
            "rows_in": run.rows_in,
            "rows_present": run.rows_present,
            "rows_bad": run.rows_bad,
        },
    )


def refusals_of(digest: str) -> Iterator[tuple[int, str, str, str]]:
    """Line number, field, value, reason of every row that stayed out, in the file's order."""
    rows = ImportRefusal.objects.filter(run__digest=digest).order_by("line_number", "id")
    yield from rows.values_list("line_number", "field", "value", "reason").iterator(2000)
