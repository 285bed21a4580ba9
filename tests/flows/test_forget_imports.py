"""forget_imports: rows of people do not stay behind where an import was killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE

import pytest
from django.conf import settings
from django.utils import timezone

from keepline.audit import imports
from keepline.audit.models import AuditEvent
from keepline.cli.doctor import left_rows
from keepline.flows.forget_imports import ACTION, KEPT_FOR, forget_imports
from keepline.flows.importing.folders import nobody_at_work, own_folder
from keepline.flows.importing.reading import BLOCK, COLUMNS
from keepline.flows.importing.spool import Spool
from tests.cli.test_supervisor import lives, wait_for

pytestmark = pytest.mark.django_db
DIGEST = "ab" * 32


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, data=tmp_path))
    return tmp_path


@pytest.fixture
def left(data: Path) -> Iterator[Path]:
    """What an import left that was killed a moment more than a day ago."""
    imports.begin_import(DIGEST, "base.csv", timezone.now())
    with own_folder(data, DIGEST) as folder:
        pass
    folder.mkdir(mode=0o700)
    (folder / "good.7.0").write_text("007\tAlice\t+447700900143\n")
    aged(folder, KEPT_FOR + timedelta(minutes=1))
    return folder


def aged(folder: Path, age: timedelta) -> None:
    at = (timezone.now() - age).timestamp()
    for each in (*folder.iterdir(), folder):
        os.utime(each, (at, at))


def says(data: Path) -> list[str]:
    return [each.says for each in left_rows(replace(settings.ENV, data=data))]


def test_after_a_day_they_are_erased_and_it_is_noted(data: Path, left: Path) -> None:
    assert forget_imports(timezone.now()) == 1
    assert not left.exists()
    act = AuditEvent.objects.get(action=ACTION)
    assert (act.reason, act.facts["digest"], act.actor) == ("base.csv", DIGEST[:32], "worker")
    assert "Alice" not in str(act.facts)
    assert forget_imports(timezone.now()) == 0
    assert says(data) == []


def test_for_a_day_they_wait_and_the_doctor_names_them(data: Path, left: Path) -> None:
    aged(left, KEPT_FOR - timedelta(minutes=1))
    assert forget_imports(timezone.now()) == 0
    assert left.exists()
    (told,) = says(data)
    assert told.startswith(f"{left} holds rows of an import that was stopped at 20")


def test_what_was_written_to_lately_waits_as_a_whole(data: Path, left: Path) -> None:
    (left / "bad.7.0").write_text("[]\n")
    assert forget_imports(timezone.now()) == 0


IMPORTS = """
import sys
from pathlib import Path
from keepline.flows.importing.folders import own_folder
with own_folder(Path(sys.argv[1]), "cd" * 32):
    print("begun", flush=True)
    sys.stdin.read()
"""


def test_while_an_import_lives_nothing_is_touched(data: Path, left: Path) -> None:
    """Another process's, as the kernel's lock knows it; and the kernel knows when it is killed."""
    command = [sys.executable, "-c", IMPORTS, str(data)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        assert forget_imports(timezone.now()) == 0
        assert says(data) == []
        with nobody_at_work(data) as alone:
            assert not alone
        process.kill()
    assert forget_imports(timezone.now()) == 1
    assert not left.exists()


def test_where_nothing_was_ever_imported(data: Path) -> None:
    assert forget_imports(timezone.now()) == 0
    assert list(data.iterdir()) == []


def test_what_a_killed_one_still_writes_goes_nowhere(data: Path) -> None:
    """Into the folder of the next start it would bring its rows twice."""
    with own_folder(data, DIGEST) as before, own_folder(data, DIGEST) as folder:
        assert not before.exists()
        spool = Spool(before, 0)
        spool.good("007\tA-1\n")
        with pytest.raises(FileNotFoundError):
            spool.flush()
        assert list(folder.iterdir()) == []
    assert list((data / "importing").iterdir()) == []


JUDGES = """
import sys
from multiprocessing import active_children
from pathlib import Path
from keepline.flows.importing.pipeline import judge_file
from keepline.flows.importing.reading import layout_of, read_mapping
from tests.flows.judging import EndlessJudge
file, folder = Path(sys.argv[1]), Path(sys.argv[2])
def reached(line):
    print(*[each.pid for each in active_children()], flush=True)
judge_file(layout_of(file, read_mapping(None)), EndlessJudge(), folder, 2, reached)
"""


def test_those_who_judge_end_with_an_import_that_is_killed(tmp_path: Path) -> None:
    file, line = tmp_path / "base.csv", ",".join("x" for _ in COLUMNS)
    file.write_text("\n".join([",".join(COLUMNS), *[line] * 2 * BLOCK]))
    command = [sys.executable, "-c", JUDGES, str(file), str(tmp_path)]
    with subprocess.Popen(command, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        judges = [int(pid) for pid in process.stdout.readline().split()]
        assert len(judges) == 2
        process.kill()
    try:
        wait_for(lambda: not any(map(lives, judges)))
    finally:
        for pid in judges:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
