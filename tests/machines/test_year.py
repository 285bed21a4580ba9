"""A year in a test clock with a few lines: the same code as `make year`, killed as often."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.installation import free_port
from bench.year.provider import provider

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.books_broken  # audited by the year itself, by its own clock
def test_a_year_with_bad_weather_and_killed_workers(
    process_environment: dict[str, str], tmp_path: Path
) -> None:
    environ = process_environment | {
        "KEEPLINE_DATA": str(tmp_path),
        "KEEPLINE_PORT": str(free_port()),
        "KEEPLINE_PROVIDER_PORT": str(free_port()),
    }
    command = [sys.executable, "-m", "bench.year.run", "--lines", "14", "--kill-every", "4"]
    with provider(environ):
        done = subprocess.run(
            command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=500, check=False
        )
    assert done.returncode == 0, done.stderr[-4000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["broken"] == []
    assert figures["days"] == 365
    assert figures["killed_movers"] > 0, "nobody was killed"
    assert figures["renewals"] > 14
    assert figures["changes_of_state"] > 10
