"""The arms of bench.sweep side by side: fresh copies of one base, shuffled, round after round.

(a) sweep: flows.sweep_lines.sweep          (d) bare_update: UPDATE of expiry and due instant
(b) orm: one transaction a line             ... bare_expiry: of the expiry alone
(c) bulk_orm: bulk calls in batches         (e) django_plans: another product's renewals
"""

import random
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.copies import Figures, Server, last_line
from bench.installation import say
from bench.meter import Cost
from bench.rivals import python_with

RIVAL = str(Path(__file__).resolve().parent / "rival_plans.py")
WRITERS = ("sweep", "orm", "bulk_orm")
# What a renewal leaves, by line; ids of orders differ, since each arm makes its own.
LEFT = """
SELECT v.id, v.valid_until, v.anchor_at, v.anchor_count, v.plan_id, v.next_step, v.next_action_at,
       e.period_start, e.period_end, e.data_bytes, e.sms_count, o.total_minor, o.tax_minor,
       o.wallet_minor, o.state, o.actor, o.channel, o.proof::text, t.amount_minor, t.credit_id,
       m.kind, m.due_at
FROM lines_validity v
JOIN messages_outbox m ON m.slot = v.slot AND m.line_id = v.id
LEFT JOIN orders_order o ON o.slot = m.slot AND o.id = m.order_id
LEFT JOIN lines_extension e ON e.slot = o.slot AND e.order_id = o.id
LEFT JOIN ledger_transfer t ON t.slot = o.slot AND t.order_id = o.id AND t.code = 3
"""
SUMS = """
SELECT (SELECT count(*) FROM orders_order WHERE kind = 'renewal'),
       (SELECT count(*) FROM lines_extension WHERE granted_at = %s),
       (SELECT count(*) FROM ledger_transfer WHERE code = 3),
       (SELECT count(*) FROM messages_outbox WHERE kind = 'line.renewed'),
       (SELECT coalesce(sum(total_minor), 0) FROM orders_order WHERE kind = 'renewal'),
       (SELECT coalesce(sum(amount_minor), 0) FROM ledger_transfer WHERE code = 3),
       (SELECT (SELECT sum(amount_minor) FROM ledger_transfer WHERE code = 2) - sum(posted_minor)
        FROM ledger_wallet)
"""


@dataclass(frozen=True)
class Sizes:
    """How many lines each arm does; the slow ones do fewer, since rates are compared."""

    rounds: int
    due: int
    orm: int
    bulk_orm: int
    plans: int


def compare(server: Server, base: str, now: datetime, sizes: Sizes, seed: int) -> dict[str, Any]:
    """Runs all rounds; returns ratios and figures. Raises when an arm left other rows."""
    dice, found = random.Random(seed), dict[str, list[Figures]]()
    arms = _arms(server, now, sizes)
    for number in range(1, sizes.rounds + 1):
        order = dice.sample(sorted(arms), len(arms))
        for name in order:
            server.copy("rival_base" if name == "django_plans" else base, name)
            found.setdefault(name, []).append(arms[name]())
            _tell(number, name, found[name][-1])
            if name in WRITERS:
                _check_sums(server, name, now, found[name][-1].lines)
        if number == sizes.rounds:
            _check_rows(server)
        for name in order:
            server.drop(name)
    return _ratios(found) | {"arms": {name: _medians(runs) for name, runs in found.items()}}


def _arms(server: Server, now: datetime, sizes: Sizes) -> dict[str, Callable[[], Figures]]:
    python = str(python_with("rival_plans.txt"))
    server.create("rival_base")
    prepare = [python, RIVAL, "prepare", str(sizes.plans)]
    environ = server.environ("rival_base", "keepline_owner")
    subprocess.run(prepare, env=environ, check=True, stdout=subprocess.DEVNULL)
    limits = {
        "sweep": sizes.due,
        "orm": sizes.orm,
        "bulk_orm": sizes.bulk_orm,
        "bare_update": sizes.due,
        "bare_expiry": sizes.due,
    }

    def ours(name: str, limit: int) -> Callable[[], Figures]:
        return lambda: server.arm(name, name, now, limit)

    def plans() -> Figures:
        renewing = server.environ("django_plans", "keepline_owner")
        return server.figures(Cost(**last_line([python, RIVAL, "renew"], renewing)))

    return {name: ours(name, limit) for name, limit in limits.items()} | {"django_plans": plans}


def _tell(number: int, name: str, one: Figures) -> None:
    say(
        f"round {number}: {name:12} {one.lines:>7} lines {one.per_s:>8.0f}/s"
        f" {one.cpu_us:>7.1f} us CPU ({one.client_us:.1f} of it the client's)"
        f" {one.wal_bytes:>6.0f} B WAL ({one.wal_record_bytes:.0f} B without page images)"
    )


def _check_sums(server: Server, name: str, now: datetime, renewed: int) -> None:
    orders, extensions, sales, events, asked, sold, spent = server.asked(name, SUMS, now)[0]
    if {orders, extensions, sales, events} != {renewed} or not asked == sold == spent:
        raise RuntimeError(f"{name} renewed {renewed} lines and left other rows")


def _check_rows(server: Server) -> None:
    """The ORM's arms did the first of the lines that the sweep did: to the same rows."""
    swept = {row[0]: row for row in server.asked("sweep", LEFT)}
    for name in WRITERS:
        rows = server.asked(name, LEFT)
        other = [row for row in rows if swept.get(row[0]) != row]
        if other:
            raise RuntimeError(f"{name} left {other[0]}, the sweep {swept.get(other[0][0])}")
        say(f"{name}: {len(rows)} lines as the sweep leaves them")


def _ratios(found: dict[str, list[Figures]]) -> dict[str, Any]:
    """Medians of ratios within a round: what slows the machine slows both sides of it."""

    def faster_than(name: str) -> float:
        pairs = zip(found["sweep"], found[name], strict=True)
        return statistics.median(mine.per_s / theirs.per_s for mine, theirs in pairs)

    pairs = zip(found["sweep"], found["bare_update"], strict=True)
    floor = statistics.median(mine.cpu_us / bare.cpu_us for mine, bare in pairs)
    mine = _medians(found["sweep"])
    return {
        "sweep_vs_orm": round(faster_than("orm"), 1),
        "sweep_vs_bulk_orm": round(faster_than("bulk_orm"), 1),
        "sweep_vs_bare_update": round(faster_than("bare_update"), 3),
        "sweep_vs_bare_expiry": round(faster_than("bare_expiry"), 3),
        "django_plans_vs_sweep": round(1 / faster_than("django_plans"), 5),
        "sweep_cpu_vs_floor": round(floor, 2),
        "wal_bytes_per_renewal": mine["wal_bytes"],
        "wal_record_bytes_per_renewal": mine["wal_record_bytes"],
        "sweep_lines_per_s": mine["per_s"],
    }


def _medians(runs: list[Figures]) -> dict[str, float]:
    columns = [asdict(run) for run in runs]
    return {key: round(statistics.median(row[key] for row in columns), 1) for key in columns[0]}
