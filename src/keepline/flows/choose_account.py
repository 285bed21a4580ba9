"""`account.chosen`: a user of several accounts says for which one they act from now on.

    T  choose_account.choose

Tokens and letters stay with their accounts.
"""

from datetime import datetime
from uuid import UUID

from keepline.accounts import queries as accounts
from keepline.accounts import services
from keepline.audit import services as audit
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step

ACTION = "account.chosen"


def choose(user_id: int, account_id: UUID, now: datetime) -> None:
    """`now`: real time. Raises FlowRefused: not_found for an account they are no member of."""
    with transaction_step("choose_account.choose"):
        if not services.choose_account(accounts.lock_user(user_id), account_id):
            raise FlowRefused("not_found")
        audit.record(ACTION, actor=f"user:{user_id}", now=now, account_id=account_id)
