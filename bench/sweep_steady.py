"""Whether the sweep stays as fast: ten times over the same lines, and in a base of millions."""

import statistics
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench import sweep_base
from bench.copies import Server
from bench.installation import say
from bench.meter import Cost

SWEEPS = 10
SECOND, TENTH = 1, 9


@dataclass(frozen=True)
class Base:
    """A base that bench.sweep_base makes."""

    name: str
    lines: int
    due: int
    rounds: int
    short: int = 0


def make(server: Server, empty: str, base: Base, at: datetime) -> None:
    """Copies `empty`, a migrated database with catalogues, and fills the copy."""
    server.copy(empty, base.name)
    with sweep_base.connected(base.name):
        sweep_base.fill(base.lines, base.due, base.rounds, base.short, at)


def again_and_again(
    server: Server, empty: str, lines: int, rounds: int, at: datetime
) -> dict[str, object]:
    """Ten sweeps of the same lines, a month of theirs apart; the second and the tenth compared.

    The catalogue's reminders are switched off, or every other sweep would send those instead.
    """
    ratios, rates = [], list[list[float]]()
    for number in range(1, rounds + 1):
        make(server, empty, Base("repeated", lines, lines, 1), at)
        server.asked(
            "repeated",
            "UPDATE catalog_policy SET remind_before_expiry_days = '[]' RETURNING code",
        )
        costs = server.told("repeated", "again", at, SWEEPS)["costs"]
        runs = [server.figures(Cost(**cost)) for cost in costs]
        if {run.lines for run in runs} != {lines}:
            raise RuntimeError(f"not all of {lines} lines were renewed each time: {runs}")
        rates.append([run.per_s for run in runs])
        ratios.append(runs[TENTH].per_s / runs[SECOND].per_s)
        said = " ".join(f"{run.per_s:.0f}" for run in runs)
        say(f"round {number}: ten sweeps of {lines} lines, lines/s {said}")
    server.drop("repeated")
    return {
        "tenth_vs_second_sweep": round(statistics.median(ratios), 3),
        "ten_sweeps_lines_per_s": [round(statistics.median(at)) for at in zip(*rates, strict=True)],
    }


def growth(
    server: Server, empty: str, small: int, big: int, due: int, rounds: int, at: datetime
) -> dict[str, float]:
    """CPU per line and idle polls in two bases, alternating; `due` lines of each a round.

    Round 0 is told by itself: most pages come from the disk in it, or from the system's memory.
    """
    held = rounds + 1
    bases = [Base("small", small, due * held, held), Base("big", big, due * held, held)]
    for base in bases:
        make(server, empty, base, at)
    server.db.execute("CHECKPOINT")
    cpu, wal, idle, pairs = {}, {}, {}, []
    for number in range(held):
        now = at + timedelta(hours=number)
        for base in bases if number % 2 else reversed(bases):
            told = server.told(base.name, "poll", now)
            run = server.figures(Cost(**told["cost"]))
            cpu[base.name], wal[base.name] = run.cpu_us, run.wal_bytes
            idle[base.name] = told["idle_ms"]
            if number == 0:
                server.warm(base.name)
        pairs.append((cpu["big"] / cpu["small"], idle["big"] / idle["small"], *_ends(cpu, idle)))
        say(
            f"round {number}: {due} of {small} lines {cpu['small']:.1f} us, of {big}"
            f" {cpu['big']:.1f} us CPU a line; WAL {wal['small']:.0f} and {wal['big']:.0f} B;"
            f" idle polls {idle['small']:.2f} and {idle['big']:.2f} ms"
        )
    for base in bases:
        server.told(base.name, "audit", at)
        server.drop(base.name)
    middle = [statistics.median(column) for column in zip(*pairs[1:], strict=True)]
    return {
        "growth_cpu_per_line": round(middle[0], 2),
        "growth_cold_cpu_per_line": round(pairs[0][0], 2),
        "idle_poll_ratio": round(middle[1], 2),
        "growth_small_cpu_us": round(middle[2], 1),
        "growth_big_cpu_us": round(middle[3], 1),
        "idle_poll_ms": round(middle[4], 2),
    }


def _ends(cpu: dict[str, float], idle: dict[str, float]) -> tuple[float, float, float]:
    return cpu["small"], cpu["big"], idle["big"]
