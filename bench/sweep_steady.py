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
WARM_UP = 20  # lines that a process renews before it is measured
DAYS = 30  # in which each line of a base of monthly plans is due once


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


@dataclass(frozen=True)
class Round:
    """What is due in one base, `name`, at `now`: `hours` times `each`, as sweep_base has it."""

    name: str
    now: datetime
    each: int
    hours: int = 1

    @property
    def first_ms(self) -> int:
        """How long before `now` its first WARM_UP lines are due."""
        return (self.hours - 1) * 3_600_000 + max(self.each - WARM_UP, 0)

    @property
    def measured(self) -> int:
        """How many lines are due later than those."""
        return self.hours * self.each - min(self.each, WARM_UP)


def growth(
    server: Server, empty: str, small: int, big: int, due: int, rounds: int, at: datetime
) -> dict[str, float]:
    """CPU per line and idle polls in a small and a big base, alternating.

    Twice: `due` lines of each a round, which lie close in the small base and each by itself in the
    big one; and what is due of each on a day, a DAYS-th of its lines.
    """
    held, hours = rounds + 1, max(big // DAYS // due, 1)
    a_day = hours * due * small // big
    make(server, empty, Base("small", small, due * held, held), at)
    make(server, empty, Base("small_days", small, a_day * held, held), at)
    make(server, empty, Base("big", big, due * held * (1 + hours), held * (1 + hours)), at)
    server.db.execute("CHECKPOINT")
    hour, few, days = timedelta(hours=1), [], []
    for number in range(held):
        now = at + number * hour
        few.append([Round("small", now, due), Round("big", now, due)])
        days_end = at + (held + (number + 1) * hours - 1) * hour
        days.append([Round("small_days", now, a_day), Round("big", days_end, due, hours)])
    figures = _compared(server, few, "growth_few")
    figures |= _compared(server, days, "growth", checkpoints=True)
    for name in ("small", "small_days", "big"):
        server.told(name, "audit", at)
        server.drop(name)
    return figures


def _compared(
    server: Server, pairs: list[list[Round]], name: str, checkpoints: bool = False
) -> dict[str, float]:
    """Medians of the rounds but the first, in which most pages come from the disk, or from the
    system's memory: it is told by itself. `checkpoints`: one before each round."""
    ratios = []
    for number, pair in enumerate(pairs):
        runs, idle = {}, {}
        for each in pair if number % 2 else reversed(pair):
            if checkpoints:
                server.db.execute("CHECKPOINT")
            told = server.told(each.name, "poll", each.now, each.first_ms)
            runs[each.name] = run = server.figures(Cost(**told["cost"]))
            idle[each.name] = told["idle_ms"]
            if run.lines != each.measured:
                raise RuntimeError(f"{run.lines} lines renewed instead of {each.measured}: {each}")
            if number == 0:
                server.warm(each.name)
        small, big = (runs[each.name] for each in pair)
        idle_small, idle_big = (idle[each.name] for each in pair)
        ratios.append((big.cpu_us / small.cpu_us, idle_big / idle_small, small.cpu_us, big.cpu_us))
        said = " and ".join(
            f"{run.lines} lines {run.cpu_us:.1f} us CPU a line, WAL {run.wal_bytes:.0f} B"
            for run in (small, big)
        )
        say(f"{name}, round {number}: {said}; idle polls {idle_small:.2f} and {idle_big:.2f} ms")
    cpu, idle_ratio, small_us, big_us = (
        statistics.median(column) for column in zip(*ratios[1:], strict=True)
    )
    return {
        f"{name}_cpu_per_line": round(cpu, 2),
        f"{name}_cold_cpu_per_line": round(ratios[0][0], 2),
        f"{name}_idle_poll_ratio": round(idle_ratio, 2),
        f"{name}_small_cpu_us": round(small_us, 1),
        f"{name}_big_cpu_us": round(big_us, 1),
    }
