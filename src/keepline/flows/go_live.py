"""`base.woken`: imported lines begin to live by Keepline's clock.

    T  go_live.wake    one batch of lines of one account after the other, in sets

Nobody is expired by our arrival: a line whose validity was over before gets its whole grace from
the day of the go-live. The report comes first.
"""

from dataclasses import dataclass
from datetime import datetime

from keepline.accounts import claims
from keepline.audit import services as audit
from keepline.core.lifecycle.line import LineEvent, LineState
from keepline.flows.line_at_network import let_network_follow, with_other_service
from keepline.flows.steps import transaction_step
from keepline.lines import clock, due
from keepline.slots.sql import fetch_one

ACTION = "base.woken"
BATCH = 1000

SLEEPING = """
SELECT count(*) AS sleeping,
       count(*) FILTER (WHERE valid_until <= %(now)s) AS past_due,
       count(DISTINCT account_id) FILTER (WHERE valid_until <= %(now)s) AS accounts
FROM lines_validity WHERE dormant
"""


@dataclass(frozen=True, slots=True)
class Sleepers:
    """Who a go-live concerns."""

    sleeping: int
    past_due: int
    accounts_past_due: int
    out_of_reach: int  # accounts that nobody has claimed, and no letter reaches


def who_sleeps(now: datetime) -> Sleepers:
    """The report: how many lines would wake, and how many of them into grace."""
    row = fetch_one(SLEEPING, {"now": now})
    assert row is not None
    return Sleepers(row.sleeping, row.past_due, row.accounts, claims.count_out_of_reach())


def go_live(actor: str, now: datetime) -> Sleepers:
    """Wakes every dormant line. Safe to repeat, and to stop in the middle."""
    sleepers = who_sleeps(now)
    woken = 1
    while woken:
        with transaction_step("go_live.wake"):
            woken = _wake(actor, now)
    if sleepers.sleeping:
        facts = {"lines": sleepers.sleeping, "past_due": sleepers.past_due}
        audit.record(ACTION, actor=actor, now=now, facts=facts)
    return sleepers


def _wake(actor: str, now: datetime) -> int:
    lines = due.claim_sleeping(BATCH)
    lapsed = [line for line in lines if _is_past_due(line, now)]
    grace = LineState.GRACE
    moves = [due.Move(line, now, clock.first_of(line, grace, now, now)) for line in lapsed]
    due.transition_all(moves, LineEvent.EXPIRE, actor, "go_live", now)
    let_network_follow(with_other_service(lapsed, LineEvent.EXPIRE), now)
    living = [line for line in lines if not _is_past_due(line, now)]
    due.plan(
        [(line, clock.first_of(line, line.state, clock.start_of(line), now)) for line in living]
    )
    return len(lines)


def _is_past_due(line: due.DueLine, now: datetime) -> bool:
    return (
        line.state is LineState.ACTIVE and line.valid_until is not None and line.valid_until <= now
    )
