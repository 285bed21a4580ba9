"""Lets the year pass in the installation that the environment names, and looks at every month.

The clock is moved by a process of ours, beside it a worker works; both are forks of this one, and
both are killed by SIGKILL at random and started again. What happens follows from the seed, but for
where exactly a kill strikes: that is the machine's.
"""

import argparse
import json
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import django
from django.db import connections

from bench.installation import say

DAYS = 365
MONTH = timedelta(days=30)
PATIENCE = 20  # times that a move may find the clock in another's hands


def main(arguments: list[str]) -> int:
    """One JSON object on stdout at the end; 1 when something was broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--kill-every", type=float, default=20.0, help="seconds, on average")
    told = parser.parse_args(arguments)
    seed = Random().randrange(10**6) if told.seed is None else told.seed
    say(f"seed {seed}: {told.lines} lines, {told.days} days (--seed {seed} repeats it)")
    django.setup()
    figures = pass_time(told.lines, told.days, seed, told.kill_every)
    print(json.dumps(figures), flush=True)
    return 1 if figures["broken"] else 0


def pass_time(lines: int, days: int, seed: int, kill_every_s: float) -> dict[str, object]:
    """The year; the figures of what happened, and what was broken (at most 20 sentences)."""
    from bench.year import checks, founding

    began = time.monotonic()
    start_at = datetime.now(UTC)
    founding.found(lines, seed, start_at)
    say(f"{lines} lines after {time.monotonic() - began:.0f} s")
    chance, kills, broken = Random(f"{seed}:kills"), Counter[str](), []
    until = start_at + timedelta(days=days)
    at = start_at
    while at < until and not broken:
        at = min(at + MONTH, until)
        kills += _move_to(at, seed, chance, kill_every_s)
        broken = checks.broken(datetime.now(UTC))
        passed_s = time.monotonic() - began
        say(f"{at:%Y-%m-%d}: {passed_s:.0f} s, killed {dict(kills)}, broken: {broken[:3] or 'no'}")
    if not checks.ledger_is_proved():
        broken.append("check-ledger found a difference")
    return {
        "seed": seed,
        "lines": lines,
        "days": (at - start_at).days,
        "seconds": round(time.monotonic() - began),
        "killed_movers": kills["mover"],
        "killed_workers": kills["worker"],
        **_counts(),
        "broken": broken[:20],
    }


COUNTS = """
SELECT (SELECT count(*) FROM orders_order WHERE state = 'completed' AND kind = 'renewal')
         AS renewals,
       (SELECT count(*) FROM orders_order WHERE state IN ('failed', 'cancelled', 'withdrawn'))
         AS orders_without_service,
       (SELECT count(*) FROM orders_order WHERE kind = 'reclaim') AS reclaims,
       (SELECT count(*) FROM payments_payment WHERE captured_minor > 0) AS payments,
       (SELECT count(*) FROM payments_payment WHERE refunded_minor > 0) AS refunds,
       (SELECT count(*) FROM lines_lineevent) AS changes_of_state,
       (SELECT count(*) FROM lines_validity WHERE state = 'terminated') AS ended_lines,
       (SELECT count(*) FROM inventory_ownershipperiod WHERE follows_at IS NOT NULL)
         AS numbers_held_again,
       (SELECT count(DISTINCT letter_id) FROM messages_delivery WHERE outcome = 'sent') AS letters,
       (SELECT count(*) FROM messages_delivery WHERE outcome = 'laid_aside') AS letters_laid_aside
"""


def _counts() -> dict[str, int]:
    from keepline.slots.sql import fetch_one

    row = fetch_one(COUNTS)
    assert row is not None
    return dict(row._asdict())


def _move_to(target: datetime, seed: int, chance: Random, kill_every_s: float) -> Counter[str]:
    """Mover and worker until the clock has reached its target; who was killed how often."""
    kills: Counter[str] = Counter()
    worker = _fork(lambda: _work(seed))
    arrived = False
    while not arrived:
        mover = _fork(lambda: _move(target, seed))
        arrived = _arrives(mover, chance.uniform(0.2, 2 * kill_every_s))
        kills["mover"] += not arrived
        if chance.random() < 0.5:
            _kill(worker)
            kills["worker"] += 1
            worker = _fork(lambda: _work(seed))
    _kill(worker)
    return kills


def _move(target: datetime, seed: int) -> None:
    """Day by day: first people, then the clock. In a small base people rest some days."""
    from bench.year import people, weather
    from bench.year.founding import ACTOR, CLOCK, MANY
    from keepline.accounts import clocks
    from keepline.accounts.models import TestClock
    from keepline.flows.move_clock import move_clock
    from keepline.slots.sql import fetch_all
    from keepline.workers.due import work_off

    weather.connect(seed)
    refused, lines = 0, fetch_all("SELECT count(*) AS n FROM lines_validity")[0].n
    pace = 1 if lines >= MANY else 4
    first_at = TestClock.objects.get(name=CLOCK).created_at
    while (at := clocks.clock(CLOCK).now_at) < target:
        midnight = _midnight(at)
        beyond = (midnight - _midnight(first_at)).days % pace
        if at in (first_at, midnight) and beyond == 0:
            people.live(at, seed)  # who was killed in the middle of a day has lived it already
        try:
            until = min(midnight + timedelta(days=pace - beyond), target)
            move_clock(CLOCK, until, ACTOR, datetime.now(UTC), work_off)
        except clocks.ClockRefused:
            refused += 1
            if refused == PATIENCE:
                raise


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _work(seed: int) -> None:
    """A worker, looking all the time."""
    from bench.year import weather
    from keepline.workers import due
    from keepline.workers.run import LOOK_EVERY_S

    weather.connect(seed + 1)
    while os.getppid() != 1:
        looks = (due.advance_orders, due.sweep_lines, due.follow_network, due.send_outbox)
        for look in (*looks, due.number_receipts):
            look()
        time.sleep(LOOK_EVERY_S)


def _fork(act: Callable[[], None]) -> int:
    """A process of ours, warm; without a connection of its parent's."""
    connections.close_all()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            act()
            code = 0
        except BaseException:
            traceback.print_exc()
        os._exit(code)
    return child


def _arrives(process: int, within_s: float) -> bool:
    """Whether it ends by itself in time; it is killed otherwise."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            if os.waitstatus_to_exitcode(status) != 0:
                raise RuntimeError("the process that moves the clock failed; see above")
            return True
        time.sleep(0.01)
    _kill(process)
    return False


def _kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
