"""`keepline reconcile-network`, on a test's base: what it says, lists, and how it ends."""

import csv
from pathlib import Path

import pytest

from keepline.lines.models import NetworkDue
from tests.cast import assemble
from tests.cli.test_audit import keepline

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_differs_is_counted_listed_and_repaired(
    process_environment: dict[str, str], tmp_path: Path
) -> None:
    cast = assemble(line_fields={"e164": 4479_0000_0001})
    report = tmp_path / "drift.csv"
    told = keepline("reconcile-network", process_environment, "--report", str(report))
    assert told.returncode == 1, told.stderr
    assert "1 lines compared" in told.stdout
    assert "missing: 1 should be there, and are not" in told.stdout
    (row,) = csv.DictReader(report.read_text(encoding="utf-8-sig").splitlines())
    assert (row["line"], row["difference"], row["books"], row["network"], row["marked"]) == (
        str(cast.line.id),
        "missing",
        "active",
        "nothing",
        "no",
    )
    assert not NetworkDue.objects.exists()
    told = keepline("reconcile-network", process_environment, "--repair", "--policy", "give")
    assert told.returncode == 0, told.stderr
    assert "1 are brought into line by the workers, 0 are left." in told.stdout
    assert NetworkDue.objects.get().id == cast.line.id
    told = keepline("reconcile-network", process_environment)
    assert told.returncode == 0
    assert "0 lines compared; 1 left alone" in told.stdout
