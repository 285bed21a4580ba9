"""`messages.forgotten`: received messages whose time is over are erased.

    T  forget_messages.some    some of them

No audit event: that a message was there is part of what is forgotten.
"""

from datetime import datetime, timedelta

from keepline.accounts import clocks
from keepline.flows.steps import transaction_step
from keepline.messages import inbox

ACTION = "messages.forgotten"
BATCH = 1000
ARRIVALS_KEPT = timedelta(days=60)  # no network repeats a message so late


def forget_messages(now: datetime, clock_id: int = clocks.REAL) -> int:
    """Erases what is over by `now`, of accounts that live by the clock; how many messages."""
    total, erased = 0, BATCH
    while erased == BATCH:
        with transaction_step("forget_messages.some"):
            erased = inbox.erase_due(now, BATCH, clock_id)
            if clock_id == clocks.REAL:
                inbox.forget_arrivals(now - ARRIVALS_KEPT)
        total += erased
    return total
