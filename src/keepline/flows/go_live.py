"""`base.woken`: imported lines begin to live by Keepline's clock.

    T  go_live.wake    one batch of lines of one account after the other, in sets

Nobody is expired by our arrival: a line whose validity was over before gets its whole grace from
the day of the go-live. The report comes first.
"""

from dataclasses import dataclass
from datetime import datetime

from keepline.audit import services as audit
from keepline.flows.steps import transaction_step
from keepline.slots.sql import execute, fetch_one

ACTION = "base.woken"
BATCH = 1000

SLEEPING = """
SELECT count(*) AS sleeping,
       count(*) FILTER (WHERE valid_until <= %(now)s) AS past_due,
       count(DISTINCT account_id) FILTER (WHERE valid_until <= %(now)s) AS accounts
FROM lines_validity WHERE dormant
"""
# active -> grace by the table of core.lifecycle.line (expire), with its history row in the same
# set. A line wakes once, so that row can bear the line's id.
WAKE = """
WITH page AS (
  SELECT v.slot, v.id, v.state, v.valid_until, p.grace_days,
         v.state = 'active' AND v.valid_until <= %(now)s AS past_due
  FROM lines_validity v JOIN catalog_policy p ON p.id = v.policy_id
  WHERE v.dormant AND v.slot BETWEEN %(first_slot)s AND %(last_slot)s
  LIMIT %(batch)s FOR NO KEY UPDATE OF v SKIP LOCKED
), graced AS (
  INSERT INTO lines_lineevent (slot, id, line_id, event, source, target, actor, cause, occurred_at)
  SELECT slot, id, id, 'expire', 'active', 'grace',
         %(actor)s, 'go_live', %(now)s
  FROM page WHERE past_due
  ON CONFLICT DO NOTHING
)
UPDATE lines_validity v
SET dormant = false,
    state = CASE WHEN page.past_due THEN 'grace' ELSE v.state END,
    next_action_at = CASE WHEN page.past_due THEN page.ends_at ELSE page.valid_until END
FROM (SELECT page.*, %(now)s::timestamptz + make_interval(days => grace_days) AS ends_at FROM page)
  AS page
WHERE v.slot = page.slot AND v.id = page.id AND v.slot BETWEEN %(first_slot)s AND %(last_slot)s
"""


@dataclass(frozen=True, slots=True)
class Sleepers:
    """Who a go-live concerns."""

    sleeping: int
    past_due: int
    accounts_past_due: int


def who_sleeps(now: datetime) -> Sleepers:
    """The report: how many lines would wake, and how many of them into grace."""
    row = fetch_one(SLEEPING, {"now": now})
    assert row is not None
    return Sleepers(row.sleeping, row.past_due, row.accounts)


def go_live(actor: str, now: datetime) -> Sleepers:
    """Wakes every dormant line. Safe to repeat, and to stop in the middle."""
    sleepers = who_sleeps(now)
    params = {"now": now, "actor": actor, "batch": BATCH, "first_slot": 0, "last_slot": 255}
    woken = BATCH
    while woken == BATCH:
        with transaction_step("go_live.wake"):
            woken = execute(WAKE, params)
    if sleepers.sleeping:
        facts = {"lines": sleepers.sleeping, "past_due": sleepers.past_due}
        audit.record(ACTION, actor=actor, now=now, facts=facts)
    return sleepers
