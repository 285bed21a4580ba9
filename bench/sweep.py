"""`make bench-sweep`: the sweep beside the same work written otherwise, all on one server.

One base, copied for every arm of every round; arms in an order shuffled by a seed that is printed;
autovacuum on; CPU and WAL a line beside wall time; what the arms wrote is compared and audited.
Then: ten sweeps of the same lines, a base of 100,000 lines beside one of 5,000,000, and
interactive renewals beside a sweep. The last line on stdout is one JSON object; the full run also
draws docs/pictures/sweep.svg. QUICK=1 says that the bench works, and nothing about speed.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import django

from bench import sweep_arms, sweep_base, sweep_plot, sweep_steady
from bench.copies import Server, last_line
from bench.installation import QUICK, Installation, installation, machine, say
from bench.sweep_arms import Sizes
from bench.sweep_steady import Base

SEED = int(os.environ.get("SEED", "0")) or time.time_ns() % 1_000_000
SIZES = Sizes(1, 3000, 60, 600, 30) if QUICK else Sizes(5, 100_000, 2000, 10_000, 1000)
SHORT = 10  # of 1024 wallets: empty
AGAIN_LINES, AGAIN_ROUNDS = (500, 1) if QUICK else (20_000, 3)
SMALL, BIG = (1000, 5000) if QUICK else (100_000, 5_000_000)
GROWTH_DUE, GROWTH_ROUNDS = (200, 1) if QUICK else (10_000, 5)
BESIDE_LINES, BESIDE_PAIRS = (6000, 1) if QUICK else (1_000_000, 7)
BESIDE_LINES = int(os.environ.get("BESIDE_LINES", BESIDE_LINES))
WINDOW_S, RATE = (2.0, 20.0) if QUICK else (20.0, 100.0)
WINDOW_S = float(os.environ.get("WINDOW_S", WINDOW_S))
LOG_FILES = 256  # of 16 MB: more than a window writes
EMPTY, BASE = "keepline", "sweep_base"  # migrated with catalogues; and filled
PARTS = os.environ.get("PARTS", "arms again growth beside").split()


def measure(inst: Installation) -> dict[str, Any]:
    """All parts, each in databases of its own."""
    server, at = Server(inst), datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)
    os.environ.update(server.environ(EMPTY, "keepline_owner"))  # bases are made in this process
    django.setup()
    sweep_base.catalogues(EMPTY, at - timedelta(minutes=2))
    say(f"seed {SEED}; of the lines half have a plan with buckets, {SHORT} of 1024 wallets nothing")
    figures: dict[str, Any] = {"seed": SEED}
    if "arms" in PARTS:
        sweep_steady.make(server, EMPTY, Base(BASE, 2 * SIZES.due, SIZES.due, 1, SHORT), at)
        figures |= sweep_arms.compare(server, BASE, at, SIZES, SEED)
        server.drop(BASE)
    if "again" in PARTS:
        figures |= sweep_steady.again_and_again(server, EMPTY, AGAIN_LINES, AGAIN_ROUNDS, at)
    if "growth" in PARTS:
        figures |= sweep_steady.growth(server, EMPTY, SMALL, BIG, GROWTH_DUE, GROWTH_ROUNDS, at)
    if "beside" in PARTS:
        figures |= beside(server, at)
    return figures


def beside(server: Server, at: datetime) -> dict[str, Any]:
    """p99 of interactive renewals with the sweep and without, and what became of the rows."""
    most = int(RATE * (WINDOW_S + 30))  # targets of a kind in a window: more than can be sent
    lines = BESIDE_LINES + 3 * most
    server.db.execute("GRANT pg_checkpoint, pg_read_all_stats TO keepline_owner")
    server.keep_log("0")
    sweep_steady.make(server, EMPTY, Base("beside", lines, BESIDE_LINES, 1), at)
    server.make_log_files(1 if QUICK else LOG_FILES)
    command = [sys.executable, "-m", "bench.sweep_beside", at.isoformat()]
    command += [str(each) for each in (BESIDE_PAIRS, WINDOW_S, RATE, most)]
    answer = last_line(command, server.environ("beside"))
    windows = answer["windows"]
    wrong = [each for window in windows for each in window["wrong"]]
    deadlocks = server.db.execute("SELECT sum(deadlocks)::int FROM pg_stat_database").fetchone()
    accepted = sum(window["requests"] + window["swept"] for window in windows) - len(wrong)
    accepted += answer["left"]
    orders = server.asked("beside", "SELECT count(*) FROM orders_order WHERE kind = 'renewal'")
    if orders[0][0] != accepted or deadlocks != (0,) or wrong or answer["broken"]:
        raise RuntimeError(
            f"{accepted} renewals, {orders[0][0]} orders; {deadlocks} deadlocks; {wrong[:5]};"
            f" broken: {answer['broken']}"
        )
    server.drop("beside")
    calm = [each for each in windows if not each["busy"]]
    busy = [each for each in windows if each["busy"]]

    def middle(values: Iterable[float]) -> float:
        return round(statistics.median(values), 2)

    return {
        "p99_during_sweep_ratio": middle(
            during["p99_ms"] / alone["p99_ms"] for alone, during in zip(calm, busy, strict=True)
        ),
        "p99_calm_ms": middle(each["p99_ms"] for each in calm),
        "p99_during_sweep_ms": middle(each["p99_ms"] for each in busy),
        "p50_calm_ms": middle(each["p50_ms"] for each in calm),
        "p50_during_sweep_ms": middle(each["p50_ms"] for each in busy),
        "beside_sweep_lines_per_s": round(
            sum(each["swept"] for each in busy) / WINDOW_S / len(busy)
        ),
        "beside_requests_per_s": RATE,
        "deadlocks": 0,
    }


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], check=False, capture_output=True, text=True
    )
    return done.stdout.strip()


def main() -> None:
    """The whole bench."""
    with installation() as inst:
        figures = measure(inst) | {"machine": machine(), "commit": _commit()}
    if not QUICK and "arms" in figures:
        sweep_plot.draw(figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
