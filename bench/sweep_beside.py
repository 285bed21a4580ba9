"""Interactive renewals at a fixed rate while the sweep runs, and while it does not.

Runs inside a database's environment: FIRST WINDOWS CALM_S RATE. Two processes renew by
flows.renew_line, open loop: a request's latency counts from when it was due to be sent. Three in
ten aim at lines that are due in the same window. This process sweeps, as a worker does.
"""

import itertools
import json
import multiprocessing
import os
import random
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import django
import psycopg

PROCESSES = 2
AT_DUE_LINES = 0.3
CALM_DOWN_S = 10.0
WARM_UP_S = 1.0  # connecting, first plans: not counted, and over before the sweep begins
TARGETS = """
SELECT v.account_id, v.id, p.code FROM lines_validity v
JOIN catalog_plan p ON p.id = v.plan_id
WHERE v.next_step = %(step)s AND v.next_action_at > %(after)s AND v.next_action_at <= %(until)s
ORDER BY hashint8extended(get_byte(uuid_send(v.id), 15) + v.slot * 256, %(seed)s) LIMIT %(limit)s
"""
Target = tuple[Any, Any, str]


@dataclass(frozen=True)
class Window:
    """When requests may be sent, by the monotonic clock, and at what instant of the lines'."""

    swept: bool
    now: datetime
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


def run(window: Window, rate: float, calm_s: float, number: int) -> dict[str, Any]:
    """One window: requests from PROCESSES processes, and here the sweep or a pause."""
    from django.db import connection

    from keepline.flows.sweep_lines import sweep
    from keepline.workers.due import LINES_BESIDE_PEOPLE, resting

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
        swept = sweep(window.now, done=resting(), batch=LINES_BESIDE_PEOPLE)["renewed"]
    else:
        swept = 0
        time.sleep(calm_s)
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
    return Window(
        window.swept, window.now, window.due[index::PROCESSES], window.others[index::PROCESSES]
    )


def targets(step: int, after: datetime, until: datetime, limit: int, seed: int) -> list[Target]:
    """Lines to aim at, in no order."""
    from keepline.slots.sql import fetch_all

    params = {"step": step, "after": after, "until": until, "limit": limit, "seed": seed}
    return [(row.account_id, row.id, row.code) for row in fetch_all(TARGETS, params)]


def settle() -> None:
    """What came before is written back: neither window pays for the other, nor for the filling."""
    with psycopg.connect(os.environ["KEEPLINE_DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CHECKPOINT")
    time.sleep(CALM_DOWN_S)


def main() -> None:
    """Windows in pairs, calm and swept, the order turning from pair to pair."""
    first, pairs = datetime.fromisoformat(sys.argv[1]), int(sys.argv[2])
    calm_s, rate, most = float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
    django.setup()
    far = first + timedelta(days=365)
    windows: list[dict[str, Any]] = []
    for pair in range(pairs):
        now = first + timedelta(hours=pair)
        due = targets(1, now - timedelta(hours=1), now, most, pair)
        others = targets(2, first, far, 2 * pairs * most, 0)[2 * pair * most :][: 2 * most]
        calm = Window(swept=False, now=now, due=due[::2], others=others[::2])
        swept = Window(swept=True, now=now, due=due[1::2], others=others[1::2])
        # While it is calm the lines are due too: requests meet the same lines in both windows.
        for window in (calm, swept):
            settle()
            name = "swept" if window.swept else "calm"
            found = run(window, rate, calm_s, len(windows))
            windows.append(found)
            print(f"{name}: {found}", file=sys.stderr, flush=True)
    from bench.sweep_arm import broken

    print(json.dumps({"windows": windows, "broken": broken(now)}))


if __name__ == "__main__":
    main()
