"""`line.locked`: a holder locks number and SIM of a line, or opens that lock again.

    T  lock_line.lock    line under lock, what is wanted, the letter

While it is locked nobody gets another number or another SIM for the line, signed in or not.
Opened, it stays locked for KEEPLINE_UNLOCK_HOURS more and its holder is told at once: whoever has
got into an account cannot take its numbers away before its owner could read a letter.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from keepline.audit import services as audit
from keepline.flows import wake
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step
from keepline.lines import changes
from keepline.lines import services as lines
from keepline.lines.changes import TransferLock
from keepline.messages import services as outbox

ACTION = "line.locked"


def lock(account_id: UUID, line_id: UUID, actor: str, now: datetime, *, wanted: bool) -> None:
    """`wanted`: locked from now on, or open after a while. Raises FlowRefused("not_found").

    Asked again it changes nothing: the while does not begin anew.
    """
    try:
        with transaction_step("lock_line.lock"):
            line = lines.lock_line(line_id, account_id)
            before = changes.transfer_lock_of(line_id, account_id)
            unlocking = before.holds(now) and before.unlocks_at is not None
            if before.holds(now) == wanted and not (wanted and unlocking):
                return
            if not wanted and unlocking:
                return
            until = None if wanted else now + timedelta(hours=settings.ENV.unlock_hours)
            changes.set_transfer_lock(line, TransferLock(transfer_lock=True, unlocks_at=until))
            told = "line.locked" if wanted else "line.unlocking"
            outbox.put_all([(told, account_id, line_id)], now)
            audit.record(
                ACTION,
                actor=actor,
                now=now,
                account_id=account_id,
                subject_id=line_id,
                facts={"locked": wanted},
            )
    except lines.LineNotFound:
        raise FlowRefused("not_found") from None
    wake.outbox()
