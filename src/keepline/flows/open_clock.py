"""`clock.opened`: a test clock is made; it stands still until it is moved.

T  open_clock.open
"""

from datetime import datetime

from django.db import IntegrityError

from keepline.accounts import clocks
from keepline.audit import services as audit
from keepline.flows.steps import transaction_step

ACTION = "clock.opened"


def open_clock(name: str, shown_at: datetime, actor: str, now: datetime) -> int:
    """A clock that shows `shown_at`; returns its id.

    Raises ClockRefused in production, for a name that is empty, too long or taken.
    """
    clocks.refuse_in_production()
    if not name.strip() or len(name) > clocks.LONGEST_NAME:
        raise clocks.ClockRefused(
            f"A test clock has a name of 1 to {clocks.LONGEST_NAME} characters."
        )
    try:
        with transaction_step("open_clock.open"):
            clock = clocks.create(name, shown_at, now)
            facts = {"clock": name, "shows": shown_at.isoformat()}
            audit.record(ACTION, actor=actor, now=now, facts=facts)
    except IntegrityError as error:
        raise clocks.ClockRefused(f"There is a test clock {name!r} already.") from error
    return clock.id
