"""`clock.moved`: a test clock goes on, and everything that lives by it follows.

    T  move_clock.step     the clock shows the next instant at which something is due
    T  move_clock.moved    it is where it should be

Time passes in steps, so that a year behaves like a year and not like an outage: to the next
instant at which an order is due, or to the end of the hour in which a message, or something of a
line or a resting number, is. At each step that is worked off before the next. Whoever dies leaves
the clock where it stood; the next move begins there with what was left. One process moves a clock
at a time.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from keepline.accounts import clocks
from keepline.accounts.models import TestClock
from keepline.audit import services as audit
from keepline.core.terms import LATENESS
from keepline.flows.steps import transaction_step
from keepline.flows.sweep_lines import sweep
from keepline.inventory import queries as inventory
from keepline.lines import queries as lines
from keepline.lines.due import Which
from keepline.messages import queries as messages
from keepline.orders import queries as orders

ACTION = "clock.moved"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

WorkOff = Callable[[int, datetime], int]


def move_clock(
    name: str,
    reach: datetime | timedelta,
    actor: str,
    now: datetime,
    work_off: WorkOff,
    shown: Callable[[datetime], None] = lambda _: None,
) -> datetime:
    """Moves the clock to an instant, or by a duration; returns what it shows then.

    `work_off(clock_id, instant)` does what is due of orders and messages and says how much that
    was: the entrance knows how many hands it has. `shown` is called after each step. `now` is real
    time, for the audit. Raises ClockRefused: in production, for an unknown clock, for a way back,
    or when another process moves it.
    """
    clocks.refuse_in_production()
    clock = clocks.clock(name)
    with clocks.alone(clock):
        began_at = at = clocks.shows(clock.id)
        until = reach if isinstance(reach, datetime) else at + reach
        if until < at:
            raise clocks.ClockRefused(
                f"The clock shows {at:%Y-%m-%d %H:%M:%S} UTC already, and time goes one way."
            )
        done = _work(clock, at, work_off)  # what a move that died has left
        while at < until or (done and _next_due(clock, at) <= at):
            at = _step(clock, at, until, idle=not done)
            done = _work(clock, at, work_off)
            shown(at)
        with transaction_step("move_clock.moved"):
            facts = {"clock": name, "from": began_at.isoformat(), "to": at.isoformat()}
            audit.record(ACTION, actor=actor, now=now, facts=facts)
    return at


def _step(clock: TestClock, at: datetime, until: datetime, idle: bool) -> datetime:
    due_at = _next_due(clock, at)
    if due_at <= at and idle:
        due_at = at + LATENESS  # something that nobody can do must not stop time
    to_at = min(max(due_at, at), until)
    with transaction_step("move_clock.step"):
        clocks.move(clocks.lock_clock(clock.id), to_at)
    return to_at


def _next_due(clock: TestClock, at: datetime) -> datetime:
    """When there is something to do; far beyond any target when there never is."""
    coarse = (
        lines.next_due(clock.id),
        inventory.next_rested(clock.id),
        messages.next_due(clock.id),
    )
    instants = [_end_of_hour(each) if each > at else each for each in coarse if each is not None]
    order_at = orders.next_due(clock.id)
    return min([*instants, *([order_at] if order_at else [])], default=_NEVER)


_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def _end_of_hour(instant: datetime) -> datetime:
    """The next whole hour (of LATENESS), or the instant itself when it is one."""
    return instant + (EPOCH - instant) % LATENESS


def _work(clock: TestClock, at: datetime, work_off: WorkOff) -> int:
    rested_at = inventory.next_rested(clock.id)
    rests = rested_at is not None and rested_at <= at
    swept = sweep(at, Which(clock.id), clocks.accounts_by(clock.id) if rests else ())
    return swept.total() + work_off(clock.id, at)
