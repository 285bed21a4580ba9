"""Lists the files that were taken over: how far each is, what stayed out, and what was erased."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from keepline.audit import imports
from keepline.audit import queries as audit
from keepline.audit.imports import Counts, Reason
from keepline.flows import forget_imports
from keepline.flows.importing.folders import NAMED_BY

SHOWN = 50

ImportStage = Literal[
    "running",  # a process is at it
    "stopped",  # it was killed, or failed: the same command goes on
    "done",
]


@dataclass(frozen=True, slots=True)
class PastImport:
    """One file, not its checks; instants UTC. `counts`: so far. `reasons`: why rows stayed out, the
    most frequent first; their values are in the report alone. `erased_at`: when what a killed
    process had left of it on its machine was erased; the last time."""

    file_name: str
    stage: ImportStage
    started_at: datetime
    finished_at: datetime | None
    counts: Counts
    reasons: Sequence[Reason]
    erased_at: datetime | None


def list_imports() -> list[PastImport]:
    """The last ones, newest first. Five queries at most, however many there are."""
    runs = imports.latest_runs(SHOWN)
    so_far = imports.counts_among([run for run in runs if run.finished_at is None])
    claimed, reasons = imports.claimed_among(runs), imports.reasons_among(runs)
    erased: dict[str, datetime] = {}
    for act in audit.latest(forget_imports.ACTION, SHOWN):
        erased.setdefault(act.facts["digest"], act.occurred_at)
    return [
        PastImport(
            file_name=run.file_name,
            stage="done" if run.finished_at else "running" if run.pk in claimed else "stopped",
            started_at=run.started_at,
            finished_at=run.finished_at,
            counts=so_far.get(run.pk, Counts(run.rows_in, run.rows_present, run.rows_bad)),
            reasons=reasons.get(run.pk, []),
            erased_at=erased.get(run.digest[:NAMED_BY]),
        )
        for run in runs
    ]
