"""Interactive renewals at a fixed rate while the sweep runs, and while it does not.

Runs inside a database's environment: NOW PAIRS WINDOW_S RATE MOST. Two processes renew by
flows.renew_line, open loop: a request's latency counts from when it was due to be sent. Three in
ten aim at lines that are due. This process sweeps, as a worker does, and stops when the window is
over; the next pair of windows goes on with the lines that are left.
"""

import itertools
import json
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Any

import django
import psycopg

PROCESSES = 2
AT_DUE_LINES = 0.3
CALM_DOWN_S = 5.0
PROBES, PROBE_EACH_S = 150, 0.02
CALM_FLUSH_S, LONGEST_REST_S = 0.02, 120.0
LONGEST_VACUUM_S = 600.0
WARM_UP_S = 1.0  # connecting, first plans: not counted, and over before the sweep begins
TARGETS = """
SELECT v.account_id, v.id, p.code FROM lines_validity v
JOIN catalog_plan p ON p.id = v.plan_id
WHERE v.next_step = %(step)s AND (v.next_action_at <= %(now)s) = %(due)s
ORDER BY hashint8extended(get_byte(uuid_send(v.id), 15) + v.slot * 256, %(seed)s) LIMIT %(limit)s
"""
VACUUMED = """
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'
"""
Target = tuple[Any, Any, str]


@dataclass(frozen=True)
class Window:
    """What goes on beside the requests, and the lines they may aim at."""

    swept: bool
    now: datetime
    seconds: float
    due: list[Target]
    others: list[Target]


def renew(window: Window, rate: float, seed: int, stop: Any, told: Any) -> None:
    """One process' requests of one window; sends latencies in seconds and what went wrong."""
    from keepline.flows.errors import FlowRefused
    from keepline.flows.renew_line import RenewalRequest, start

    dice, latencies, wrong = random.Random(seed), list[float](), list[str]()
    began = time.perf_counter()
    for sent in itertools.count():
        scheduled = began + sent / rate
        if stop.is_set():
            break
        time.sleep(max(0.0, scheduled - time.perf_counter()))
        pool = window.due if dice.random() < AT_DUE_LINES else window.others
        account_id, line_id, code = pool.pop() if pool else window.others.pop()
        request = RenewalRequest(
            account_id=account_id,
            line_id=line_id,
            plan_code=code,
            currency="USD",
            use_wallet="only",
            provider=None,
            key=f"bench:{seed}:{sent}",
            expected_total_minor=None,
            actor="user:1",
            channel="portal",
        )
        try:
            start(request, window.now)
        except FlowRefused as refused:
            wrong.append(refused.code)
        except Exception as error:
            wrong.append(repr(error))
        if scheduled - began > WARM_UP_S:
            latencies.append(time.perf_counter() - scheduled)
    told.put((latencies, wrong, sent))


class WindowOver(BaseException):
    """Ends a sweep between two batches, as the operator's interrupt does."""


def sweep_until(ends: float, now: datetime) -> int:
    """Sweeps as a worker does until the monotonic clock says `ends`; how many lines were renewed.

    Raises RuntimeError if it ran out of lines before.
    """
    from keepline.flows.sweep_lines import sweep
    from keepline.workers.due import LINES_BESIDE_PEOPLE, resting

    renewed, rest = 0, resting()

    def done(counts: Counter[str]) -> None:
        nonlocal renewed
        renewed += counts["renewed"]
        rest(counts)
        if time.perf_counter() > ends:
            raise WindowOver

    try:
        sweep(now, done=done, batch=LINES_BESIDE_PEOPLE)
    except WindowOver:
        return renewed
    raise RuntimeError(f"all was swept before the window was over: {renewed} lines in it")


def run(window: Window, rate: float, number: int) -> dict[str, Any]:
    """One window: requests from PROCESSES processes, and here the sweep or a pause."""
    from django.db import connection

    connection.close()  # children must not share it
    context = multiprocessing.get_context("fork")
    stop, told = context.Event(), context.Queue()
    children = [
        context.Process(
            target=renew,
            args=(_share(window, index), rate / PROCESSES, number * 10 + index, stop, told),
        )
        for index in range(PROCESSES)
    ]
    for child in children:
        child.start()
    time.sleep(WARM_UP_S)
    began = time.perf_counter()
    if window.swept:
        swept = sweep_until(began + window.seconds, window.now)
    else:
        swept = 0
        time.sleep(window.seconds)
    seconds = time.perf_counter() - began
    stop.set()
    answers = [told.get(timeout=60) for _ in children]
    for child in children:
        child.join()
    latencies = sorted(latency for found, _, _ in answers for latency in found)
    return {
        "swept": swept,
        "seconds": seconds,
        "requests": sum(sent for _, _, sent in answers),
        "p50_ms": 1000 * statistics.median(latencies),
        "p99_ms": 1000 * latencies[int(0.99 * (len(latencies) - 1))],
        "max_ms": 1000 * latencies[-1],
        "wrong": [each for _, wrong, _ in answers for each in wrong],
    }


def _share(window: Window, index: int) -> Window:
    return replace(window, due=window.due[index::PROCESSES], others=window.others[index::PROCESSES])


def targets(step: int, *, due: bool, now: datetime, limit: int, seed: int) -> list[Target]:
    """Lines to aim at, in no order: of those whose next step is `step`, due at `now` or not."""
    from keepline.slots.sql import fetch_all

    params = {"step": step, "due": due, "now": now, "limit": limit, "seed": seed}
    return [(row.account_id, row.id, row.code) for row in fetch_all(TARGETS, params)]


def settle() -> None:
    """What came before is written back and swept up: no window pays for another's leavings.

    A window that followed a sweep would else be disturbed by autovacuum and by pages written late.
    """
    url = os.environ["KEEPLINE_DATABASE_OWNER_URL"]
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE)")
        waited_until = time.perf_counter() + LONGEST_VACUUM_S
        while owner.execute(VACUUMED).fetchone() != (0,):
            if time.perf_counter() > waited_until:
                raise RuntimeError("autovacuum does not come to rest")
            time.sleep(1)
        owner.execute("CHECKPOINT")
    time.sleep(CALM_DOWN_S)
    until_the_disk_rests()


def until_the_disk_rests() -> None:
    """Waits until small writes are flushed as fast as they ever were; at most LONGEST_REST_S.

    The machine below has caches of its own: after gigabytes it stalls every flush for a while,
    whoever asks for it. A window must not begin in what the one before has left there.
    """
    waited_until = time.perf_counter() + LONGEST_REST_S
    with tempfile.TemporaryFile() as probe:
        while time.perf_counter() < waited_until:
            slowest_s = sorted(_flush_s(probe) for _ in range(PROBES))[-3:]
            if slowest_s[0] < CALM_FLUSH_S:
                return


def _flush_s(probe: IO[bytes]) -> float:
    began = time.perf_counter()
    os.pwrite(probe.fileno(), os.urandom(8192), 0)
    os.fdatasync(probe.fileno())
    took = time.perf_counter() - began
    time.sleep(PROBE_EACH_S)
    return took


def main() -> None:
    """Windows in pairs of equal length, calm and swept, the order turning from pair to pair."""
    now, pairs = datetime.fromisoformat(sys.argv[1]), int(sys.argv[2])
    window_s, rate, most = float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
    django.setup()
    found: list[dict[str, Any]] = []
    for pair in range(pairs):
        due = targets(1, due=True, now=now, limit=2 * most, seed=pair)
        others = targets(2, due=False, now=now, limit=2 * most, seed=pair)
        calm = Window(swept=False, now=now, seconds=window_s, due=due[::2], others=others[::2])
        swept = Window(swept=True, now=now, seconds=window_s, due=due[1::2], others=others[1::2])
        for window in (calm, swept) if pair % 2 == 0 else (swept, calm):
            settle()
            found.append({"busy": window.swept} | run(window, rate, len(found)))
            print(found[-1], file=sys.stderr, flush=True)
    from bench.sweep_arm import broken
    from keepline.flows.sweep_lines import sweep

    left = sweep(now)["renewed"]
    print(json.dumps({"windows": found, "left": left, "broken": broken(now)}))


if __name__ == "__main__":
    main()
