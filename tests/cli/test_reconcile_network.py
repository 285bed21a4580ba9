"""`keepline reconcile-network`, on a test's base: what it says, lists, and how it ends."""

import csv
from pathlib import Path

import pytest

from keepline.catalog.models import Carrier
from keepline.lines.models import NetworkDue
from tests.cast import assemble, line
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


def test_a_carriers_element_that_is_silent(
    process_environment: dict[str, str], tmp_path: Path
) -> None:
    """Its lines are named, those of the others compared, and the exit code says so."""
    cast = assemble(line_fields={"e164": 4479_0000_0001})
    ais = Carrier.objects.create(code="ais", name="AIS", country="TH")
    line(cast.account, cast.plan, e164=4479_0000_0002, carrier_id=ais.id)
    (tmp_path / "elements.toml").write_text(
        '[ais.hlr]\nhost = "127.0.0.1"\nctrl_port = 1\nvty_port = 1\n'
    )
    own = {"KEEPLINE_CARRIER_ELEMENTS": str(tmp_path / "elements.toml")}
    told = keepline("reconcile-network", process_environment | own, "--repair")
    assert told.returncode == 3, told.stderr
    assert "1 lines compared" in told.stdout
    assert "NOT COMPARED: 1 lines; the element of carrier ais gives no answer." in told.stdout
    assert NetworkDue.objects.get().id == cast.line.id
