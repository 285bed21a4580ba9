"""The benches work. Their small versions run here; no time is judged."""

import json
import os
import subprocess
import sys

import pytest

KEYS = {
    "renewals_vs_tpcb",
    "renewal_p99_ms",
    "import_vs_copy",
    "start_s",
    "first_load_kb",
    "next_load_kb",
}


@pytest.mark.slow
def test_the_small_bench_prints_all_its_keys() -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("KEEPLINE_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "bench"],
        env=environ | {"QUICK": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures.keys() >= KEYS
    assert figures["books"] == "clean"
