"""`keepline simulate` and `keepline staff` as processes."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from keepline.accounts.models import User
from tests.cast import assemble

GOOD = """
[policy]
code = "another"
grace_days = 3
suspended_days = 4
reclaim_days = 10
quarantine_days = 46
grace_rule = "from_payment"
source = "https://example.com"
"""


@pytest.fixture
def run(process_environment: dict[str, str]) -> object:
    def keepline(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "keepline.cli.main", *arguments]
        return subprocess.run(
            command, env=process_environment, capture_output=True, text=True, timeout=120
        )

    assemble()
    return keepline


def test_the_future_as_table_json_csv_and_picture(run: object, tmp_path: Path) -> None:
    policy, rows, picture = (tmp_path / name for name in ("p.toml", "rows.csv", "plot.svg"))
    policy.write_text(GOOD)
    said = run("simulate", "--days", "200", "--policy", str(policy), "--by", "month")  # type: ignore[operator]
    assert said.returncode == 0, said.stderr
    assert "Affected lines: 1, affected accounts: 1." in said.stdout
    assert "expired" in said.stdout
    assert "Today's policy" in said.stderr
    told = run(  # type: ignore[operator]
        *("simulate", "--json", "--policy", str(policy)),
        *("--csv", str(rows), "--plot", str(picture)),
    )
    assert told.returncode == 0, told.stderr
    answer = json.loads(told.stdout)
    assert answer["lines"] == 1
    assert sum(answer["today"]["counts"]["expired"]) == 1
    assert answer["impact"] == {"lines_governed": 1, "lines_affected": 1, "accounts_affected": 1}
    with rows.open(encoding="utf-8-sig") as file:
        table = list(csv.DictReader(file))
    assert len(table) == len(answer["edges"]) - 1
    assert sum(int(row["proposed_withdrawn"]) for row in table) == 1
    assert ET.parse(picture).getroot().tag.endswith("svg")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--policy", "/nowhere.toml"], "cannot be read"),
        (["--policy", "{bad}"], "below the legal 45"),
        (["--plot", "x.png"], "does not end in .svg"),
        (["--csv", "/nowhere/x.csv", "--days", "7"], "cannot be written"),
    ],
)
def test_what_the_operator_can_mend_is_one_sentence(
    run: object, tmp_path: Path, arguments: list[str], words: str
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(GOOD.replace("46", "4"))
    told = run("simulate", *(each.format(bad=bad) for each in arguments))  # type: ignore[operator]
    assert told.returncode == 1
    assert "Traceback" not in told.stderr
    assert words in told.stderr.splitlines()[-1]


def test_staff_are_appointed_by_address(run: object) -> None:
    told = run("staff", "ALICE@example.com")  # type: ignore[operator]
    assert "is staff now" in told.stdout
    assert User.objects.get(email="alice@example.com").is_staff
    assert "as before" in run("staff", "alice@example.com").stdout  # type: ignore[operator]
    assert "is not staff now" in run("staff", "--revoke", "alice@example.com").stdout  # type: ignore[operator]
    nobody = run("staff", "nobody@example.com")  # type: ignore[operator]
    assert nobody.returncode == 1
    assert "sign up first" in nobody.stderr
