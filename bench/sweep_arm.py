"""One arm of bench.sweep in a process of its own, as a worker is: prints its cost as JSON.

ARM NOW LIMIT       an arm of this house; `django-plans` has its own (bench.rival_plans)
again NOW TIMES     one sweep after the other, each as soon as the lines are due again
poll NOW BEFORE_MS  a sweep, then polls that find nothing. What was due BEFORE_MS ago is renewed
                    before, and not measured: a worker is not started for each sweep
audit NOW 0         what is broken of the promises of the books
"""

import json
import statistics
import sys
import time
from datetime import datetime, timedelta
from functools import partial

import django

BARE = """
UPDATE lines_validity v
SET valid_until = v.valid_until + interval '1 month',
    next_action_at = v.next_action_at + interval '1 month'
FROM (SELECT slot, id FROM lines_validity
      WHERE next_step = 1 AND next_action_at <= %(now)s AND clock_id = 0
      ORDER BY next_action_at LIMIT %(batch)s FOR NO KEY UPDATE) AS due
WHERE v.slot = due.slot AND v.id = due.id
"""
# The expiry alone is in no index: PostgreSQL need not touch any of them. By the due index's order.
BARE_EXPIRY = """
WITH due AS MATERIALIZED (
  SELECT slot, id, next_action_at FROM lines_validity
  WHERE next_step = 1 AND next_action_at > %(after)s AND next_action_at <= %(now)s
    AND clock_id = 0
  ORDER BY next_action_at LIMIT %(batch)s FOR NO KEY UPDATE
), moved AS (
  UPDATE lines_validity v SET valid_until = v.valid_until + interval '1 month'
  FROM due WHERE v.slot = due.slot AND v.id = due.id
)
SELECT count(*) AS lines, max(next_action_at) AS last FROM due
"""
IDLE_POLLS = 200
UNAUDITED = ("bare_update", "bare_expiry", "poll")  # no books are kept; looked at in the end
LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def sweep(now: datetime, limit: int) -> int:  # noqa: ARG001 - whatever is due
    """(a) The real thing."""
    from keepline.flows.sweep_lines import sweep as really

    return really(now)["renewed"]


def orm(now: datetime, limit: int) -> int:
    """(b) One transaction a line."""
    from bench.sweep_orm import one_by_one
    from keepline.flows.sweep_lines import BATCH

    return one_by_one(now, limit, BATCH)


def bulk_orm(now: datetime, limit: int) -> int:
    """(c) In batches."""
    from bench.sweep_orm import in_batches
    from keepline.flows.sweep_lines import BATCH

    return in_batches(now, limit, BATCH)


def bare_update(now: datetime, limit: int) -> int:  # noqa: ARG001
    """(d) The expiry and the instant at which the line is due again, nothing else."""
    from keepline.flows.sweep_lines import BATCH
    from keepline.slots.sql import execute

    total = 0
    while touched := execute(BARE, {"now": now, "batch": BATCH}):
        total += touched
    return total


def bare_expiry(now: datetime, limit: int) -> int:  # noqa: ARG001
    """(d) to the letter: the expiry alone."""
    from keepline.flows.sweep_lines import BATCH
    from keepline.slots.sql import fetch_one

    total, after = 0, LONG_AGO
    while True:
        row = fetch_one(BARE_EXPIRY, {"now": now, "batch": BATCH, "after": after})
        assert row is not None
        if row.lines == 0:
            return total
        total, after = total + row.lines, row.last


ARMS = {
    "sweep": sweep,
    "orm": orm,
    "bulk_orm": bulk_orm,
    "bare_update": bare_update,
    "bare_expiry": bare_expiry,
}


def again(times: int) -> dict[str, object]:
    """Sweeps of the same lines; only the months between them are skipped."""
    from bench.meter import measured
    from keepline.slots.sql import fetch_one

    costs = []
    for _ in range(times):
        row = fetch_one("SELECT max(next_action_at) AS at FROM lines_validity WHERE next_step = 1")
        assert row is not None
        costs.append(measured(partial(sweep, row.at, 0)).as_dict())
    return {"costs": costs}


def poll(now: datetime, before_ms: int) -> dict[str, object]:
    """What a sweep costs, and the median of many polls that find nothing."""
    from bench.meter import measured
    from keepline.flows.sweep_lines import sweep as really

    sweep(now - timedelta(milliseconds=before_ms), 0)
    cost = measured(lambda: sweep(now, 0)).as_dict()
    seconds = []
    for _ in range(IDLE_POLLS):
        began = time.perf_counter()
        if really(now):
            raise RuntimeError("something was due")
        seconds.append(time.perf_counter() - began)
    return {"cost": cost, "idle_ms": 1000 * statistics.median(seconds)}


def broken(now: datetime) -> list[str]:
    """Of the promises that hold at every instant."""
    from keepline.flows.audit_books import audit, invariants

    safe = [one for one in invariants() if not one.late]
    return [finding.title for finding in audit(now, safe)]


def main() -> None:
    """Runs one arm in the environment's database."""
    name, now = sys.argv[1], datetime.fromisoformat(sys.argv[2])
    django.setup()
    import bench.sweep_orm  # noqa: F401 - whatever arms import is not to be measured
    import keepline.flows.sweep_lines  # noqa: F401
    from bench.meter import measured

    if name == "again":
        answer = again(int(sys.argv[3]))
    elif name == "poll":
        answer = poll(now, int(sys.argv[3]))
    elif name == "audit":
        answer = {}
    else:
        limit = int(sys.argv[3])
        answer = {"cost": measured(lambda: ARMS[name](now, limit)).as_dict()}
    if name not in UNAUDITED:
        answer["broken"] = broken(now)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
