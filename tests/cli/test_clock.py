"""`keepline clock` as a process: made, attached, moved, listed; refused in production."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

from tests import cast as stage


def run(environ: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "keepline.cli.main", "clock", *arguments]
    return subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_clock_by_hand(process_environment: dict[str, str]) -> None:
    cast = stage.assemble()
    today = datetime.now(UTC).replace(microsecond=0)
    made = run(process_environment, "create", "spring")
    assert (made.returncode, made.stdout[:13]) == (0, "spring shows "), made.stderr
    attached = run(process_environment, "attach", "spring", "Alice@example.com")
    assert "its 1 lines live by spring" in attached.stdout, attached.stderr
    until = (today + timedelta(days=30)).isoformat()
    moved = run(process_environment, "advance", "spring", "--to", until)
    assert f"spring shows {until[:10]}" in moved.stdout, moved.stderr
    back = run(process_environment, "advance", "spring", "--to", today.isoformat())
    assert back.returncode == 1
    assert "time goes one way" in back.stderr
    listed = run(process_environment, "list")
    assert listed.stdout.split() == [until[:10], until[11:19], "UTC", "1", "accounts", "spring"]
    stranger = run(process_environment, "attach", "spring", "nobody@example.com")
    assert "Nobody with an account" in stranger.stderr
    assert cast.account.id


def test_production_says_why_not(process_environment: dict[str, str]) -> None:
    production = process_environment | {
        "KEEPLINE_MODE": "production",
        "KEEPLINE_SECRET_KEY": "x" * 60,
        "KEEPLINE_PUBLIC_URL": "https://lines.example.com",
        "KEEPLINE_EMAIL_URL": "smtp://localhost:25",
    }
    for arguments in (["create", "spring"], ["list"], ["advance", "spring", "--days", "1"]):
        refused = run(production, *arguments)
        assert refused.returncode == 1
        assert "There are no test clocks in production" in refused.stderr, refused.stderr
