"""`import.rows_erased`: what killed imports left on this machine, and nobody took up, is erased.

    T  forget_imports.note    the audit event; then the folder is erased

A process that dies between the two notes it again. The import itself can still go on: its file is
read anew. docs/import.md
"""

from datetime import datetime, timedelta
from shutil import rmtree

import structlog
from django.conf import settings

from keepline.audit import imports
from keepline.audit import services as audit
from keepline.flows.importing.folders import LeftFolder, left_in, nobody_at_work
from keepline.flows.steps import transaction_step

ACTION = "import.rows_erased"
KEPT_FOR = timedelta(hours=24)  # the doctor names it meanwhile, so that somebody goes on with it

log = structlog.get_logger(__name__)


def forget_imports(now: datetime) -> int:
    """Erases what was last written to a day before `now`, real time; of how many files.

    None while an import runs.
    """
    data = settings.ENV.data
    with nobody_at_work(data) as alone:
        left = left_in(data) if alone else []
        over = [each for each in left if now - each.since_at > KEPT_FOR]
        for each in over:
            _note(each, now)
            rmtree(each.path)
    return len(over)


def _note(left: LeftFolder, now: datetime) -> None:
    name = imports.file_name_of(left.digest)
    log.warning("import_rows_erased", file=name, since=left.since_at.isoformat())
    with transaction_step("forget_imports.note"):
        audit.record(
            ACTION,
            actor="worker",
            now=now,
            reason=name,
            facts={"digest": left.digest, "since": left.since_at.isoformat()},
        )
