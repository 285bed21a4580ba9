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
SWEEP_KEYS = {
    "sweep_vs_orm",
    "sweep_vs_bulk_orm",
    "sweep_vs_bare_update",
    "django_plans_vs_sweep",
    "sweep_cpu_vs_floor",
    "wal_bytes_per_renewal",
    "sweep_lines_per_s",
    "tenth_vs_second_sweep",
    "growth_cpu_per_line",
    "growth_few_cpu_per_line",
    "growth_idle_poll_ratio",
    "p99_during_sweep_ratio",
}


DELIVERY_KEYS = {
    *("delivered_vs_ctrl", "delivered_per_s", "ctrl_per_s", "ctrl_many_per_s"),
    "reconcile_100k_s",
}


OUTBOX_KEYS = {
    *("email_vs_sink", "email_per_s", "bare_email_per_s", "email_lost", "email_sent_twice"),
    *("sms_vs_sink", "sms_per_s", "bare_sms_per_s", "sms_lost", "sms_sent_twice"),
}


def figures_of(module: str) -> dict[str, object]:
    """The last line of a bench's small version."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("KEEPLINE_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-m", module],
        env=environ | {"QUICK": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.smsc
def test_the_small_bench_of_the_outbox_loses_nothing() -> None:
    figures = figures_of("bench.outbox")
    assert figures.keys() >= OUTBOX_KEYS
    assert (figures["email_lost"], figures["sms_lost"]) == (0, 0)


@pytest.mark.slow
def test_the_small_bench_prints_all_its_keys() -> None:
    figures = figures_of("bench")
    assert figures.keys() >= KEYS
    assert figures["books"] == "clean"


@pytest.mark.slow
def test_the_small_bench_of_the_sweep_prints_all_its_keys() -> None:
    assert figures_of("bench.sweep").keys() >= SWEEP_KEYS


@pytest.mark.slow
@pytest.mark.osmo_hlr
def test_the_small_bench_of_delivery_prints_all_its_keys() -> None:
    figures = figures_of("bench.delivery")
    assert figures.keys() >= DELIVERY_KEYS
    assert figures["books"] == "clean"


@pytest.mark.slow
def test_the_small_bench_of_the_future_prints_its_figure() -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("KEEPLINE_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "bench.simulate"],
        env=environ | {"QUICK": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures.keys() >= {"simulate_s", "simulate_beside_s", "lines", "machine"}
    assert figures["steps"] > figures["lines"]
