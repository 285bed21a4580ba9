"""What must hold whoever was killed: money, histories, reminders, holders, quarantines.

Each check reads the rows anew, by ways of its own: the audit's statements are one of them.
"""

import os
import subprocess
import sys
from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any

from keepline.core.lifecycle.line import LINE, LineEvent, LineState
from keepline.flows.audit_books import audit
from keepline.slots.sql import fetch_all


def broken(now: datetime) -> list[str]:
    """Everything that is wrong, in sentences; empty when all is well. `now` is real time."""
    found = [f"{one.name}: {one.rows[:3]}" for one in audit(now)]
    checks = (histories, twice_reminded, in_two_hands, without_rest)
    return [*found, *(sentence for check in checks for sentence in check())]


def ledger_is_proved() -> bool:
    """`keepline check-ledger`, as an operator runs it."""
    command = [sys.executable, "-m", "keepline.cli.main", "check-ledger"]
    done = subprocess.run(command, env=os.environ, capture_output=True, check=False)
    return done.returncode == 0


EVENTS = "SELECT line_id, event, source, target FROM lines_lineevent ORDER BY line_id, id"
STATES = "SELECT id, state FROM lines_validity"


def histories() -> list[str]:
    """Every line's history is a path of the transition table, to the state that it has."""
    edges = {(t.source, t.event): t.target for t in LINE.transitions}
    at: dict[object, LineState] = {}
    wrong = []
    for row in fetch_all(EVENTS):
        source, event, target = LineState(row.source), LineEvent(row.event), LineState(row.target)
        if edges.get((source, event)) != target or at.get(row.line_id, source) != source:
            wrong.append(f"line {row.line_id}: {row.source} -{row.event}-> {row.target}")
        at[row.line_id] = target
    return wrong + [
        f"line {row.id} is {row.state}, its history says {at[row.id]}"
        for row in fetch_all(STATES)
        if at.get(row.id, row.state) != row.state
    ]


# What is planned stands at whole days from a phase's start, which moves by renewals alone: two
# rows of one kind on one planned day are one entry told twice. (Two hours, because start and
# reminder may each come up to an hour late. A reminder may also come some hours early, beside
# another of its account on that day: no two of one kind are planned for neighbouring days.)
TWICE = """
SELECT line_id, kind, day, count(*) AS times FROM (
  SELECT o.line_id, o.kind, e.until_at, v.since_at,
         floor(extract(epoch FROM o.occurred_at + interval '2 hours'
                                  - coalesce(g.occurred_at, e.until_at)) / 86400) AS day,
         g.occurred_at AS phase
  FROM messages_outbox o
  JOIN lines_validity v ON v.slot = o.slot AND v.id = o.line_id
  LEFT JOIN LATERAL (
    SELECT max(period_end) AS until_at FROM lines_extension x
    WHERE x.slot = o.slot AND x.line_id = o.line_id AND x.granted_at <= o.occurred_at
  ) AS e ON true
  LEFT JOIN LATERAL (
    SELECT h.occurred_at FROM lines_lineevent h
    WHERE h.slot = o.slot AND h.line_id = o.line_id AND h.occurred_at <= o.occurred_at
      AND h.target IN ('grace', 'suspended')
    ORDER BY h.id DESC LIMIT 1
  ) AS g ON o.kind = 'line.withdrawal_near'
  WHERE o.order_id IS NULL
) AS told
GROUP BY line_id, kind, until_at, phase, day HAVING count(*) > 1
"""


def twice_reminded() -> list[str]:
    """Each planned reminder was told at most once."""
    return [
        f"line {row.line_id}: {row.kind} {row.times} times on day {row.day}"
        for row in fetch_all(TWICE)
    ]


OVERLAPS = """
SELECT a.e164, a.line_id, b.line_id AS other
FROM inventory_ownershipperiod a JOIN inventory_ownershipperiod b
  ON b.e164 = a.e164 AND b.id > a.id
WHERE tstzrange(a.begins_at, a.ends_at) && tstzrange(b.begins_at, b.ends_at)
"""
HELD_TWICE = """
SELECT e164, count(*) AS times FROM lines_line l
JOIN lines_validity v ON v.slot = l.slot AND v.id = l.id
WHERE v.state <> 'terminated' AND e164 IS NOT NULL GROUP BY e164 HAVING count(*) > 1
"""


def in_two_hands() -> list[str]:
    """No number has two holders at any instant, nor two lines that live."""
    overlaps = [f"{r.e164}: {r.line_id} and {r.other} at once" for r in fetch_all(OVERLAPS)]
    return overlaps + [f"{r.e164}: {r.times} living lines" for r in fetch_all(HELD_TWICE)]


RESTS = """
SELECT p.e164, p.account_id, p.begins_at, p.ends_at, c.quarantine_days, c.reclaim_days,
       v.state, n.state AS number_state, n.since_at
FROM inventory_ownershipperiod p
JOIN inventory_number n ON n.slot = p.slot AND n.e164 = p.e164
JOIN lines_validity v ON v.id = p.line_id
JOIN catalog_policy c ON c.id = v.policy_id
ORDER BY p.e164, p.begins_at
"""


def without_rest() -> list[str]:
    """Whoever has a number after another waited for its quarantine; or it is free after that."""
    by_number: dict[int, list[Any]] = defaultdict(list)
    for row in fetch_all(RESTS):
        by_number[row.e164].append(row)
    wrong = []
    for e164, periods in by_number.items():
        for before, after in pairwise(periods):
            days = (after.begins_at - before.ends_at).days
            same = before.account_id == after.account_id
            within = same and days <= before.reclaim_days
            if days < before.quarantine_days and not within:
                wrong.append(f"{e164}: another's after {days} days")
        last = periods[-1]
        if last.number_state == "available":
            days = (last.since_at - last.ends_at).days
            if days < last.quarantine_days:
                wrong.append(f"{e164}: free after {days} days")
    return wrong
