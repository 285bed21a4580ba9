"""`account.line_cap_set`: staff say how many lines one account may have.

T  set_line_cap.set    the number, and who said so
"""

from datetime import datetime
from uuid import UUID

from keepline.accounts import services as accounts
from keepline.audit import services as audit
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step

ACTION = "account.line_cap_set"


def set_line_cap(account_id: UUID, cap: int | None, reason: str, actor: str, now: datetime) -> None:
    """`cap`: for this account, 0 for no end; None: KEEPLINE_LINES_PER_ACCOUNT again.

    Lines that are there stay, however many. Raises FlowRefused: not_found, reason_missing.
    """
    if not reason.strip():
        raise FlowRefused("reason_missing")
    with transaction_step("set_line_cap.set"):
        if not accounts.set_line_cap(account_id, cap):
            raise FlowRefused("not_found")
        audit.record(
            ACTION,
            actor=actor,
            now=now,
            account_id=account_id,
            reason=reason.strip(),
            facts={"cap": cap},
        )
