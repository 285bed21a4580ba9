"""`clock.attached`: an account and all its lines live by a test clock from now on.

    T  attach_clock.attach    clock and account locked, then both told, and every line

There is no way back: what happened to the account happened at instants that real time has not
reached, and a second life of them would contradict the first.
"""

from datetime import datetime
from uuid import UUID

from keepline.accounts import clocks
from keepline.accounts.models import Account
from keepline.audit import services as audit
from keepline.flows.steps import transaction_step
from keepline.lines import queries as line_queries
from keepline.lines import services as lines
from keepline.orders import queries as orders

ACTION = "clock.attached"


def attach_clock(name: str, account_id: UUID, actor: str, now: datetime) -> int:
    """Attaches the account; returns how many lines came along. Safe to repeat.

    Raises ClockRefused: in production, for an unknown clock or account, for an account on another
    clock, with a life beyond what the clock shows, or with lines that sleep until go-live.
    """
    clocks.refuse_in_production()
    known = clocks.clock(name)
    with transaction_step("attach_clock.attach"):
        clock = clocks.lock_clock(known.id)
        try:
            account = clocks.lock_account(account_id)
        except (Account.DoesNotExist, ValueError):
            raise clocks.ClockRefused(f"There is no account {account_id}.") from None
        if account.clock_id != clock.id:
            _refuse_unfit(account, clock.now_at)
            clocks.attach(account, clock.id)
            facts = {"clock": name, "shows": clock.now_at.isoformat()}
            audit.record(ACTION, actor=actor, now=now, account_id=account_id, facts=facts)
        return lines.follow_clock(account_id, clock.id)


def _refuse_unfit(account: Account, shown_at: datetime) -> None:
    if account.clock_id != clocks.REAL:
        raise clocks.ClockRefused(
            "The account lives by another test clock. It cannot leave that: what happened to it "
            "happened at instants of that clock."
        )
    last_at = orders.last_accepted_at(account.id)
    if last_at is not None and last_at > shown_at:
        raise clocks.ClockRefused(
            f"The account ordered something at {last_at:%Y-%m-%d %H:%M:%S} UTC, later than the "
            f"clock's {shown_at:%Y-%m-%d %H:%M:%S}; move the clock beyond that first."
        )
    if line_queries.has_sleepers(account.id):
        raise clocks.ClockRefused(
            "The account has imported lines that sleep; `keepline go-live` wakes them first."
        )
