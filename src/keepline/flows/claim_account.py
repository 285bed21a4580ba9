"""`account.claimed`: whoever has shown that an imported account's contact is theirs becomes its
owner.

    T  claim_account.claim   the user under lock, then the account, which has no member yet

What counts as shown: docs/claims.md. A mailbox may have been taken over, or noted wrongly: so
numbers and SIMs of theirs wait then as after a change of contacts, and what the numbers received
before is erased.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from keepline.accounts import claims, services
from keepline.accounts import queries as accounts
from keepline.accounts.models import Account, User
from keepline.audit import services as audit
from keepline.flows import wake
from keepline.flows.errors import FlowRefused
from keepline.flows.steps import transaction_step
from keepline.inventory import queries as inventory
from keepline.messages import inbox
from keepline.messages import services as outbox

ACTION = "account.claimed"


def claim(user_id: int, account_id: UUID, now: datetime) -> None:
    """Once; for who is a member already nothing happens. `now`: real time.

    Raises FlowRefused: not_found, also where another was faster.
    """
    with transaction_step("claim_account.claim"):
        user = accounts.lock_user(user_id)
        if account_id in accounts.roles_of(user_id):
            return
        on_file = {each.id for each in accounts_on_file(user, now)}
        if account_id not in on_file or not claims.become_owner(user, account_id):
            raise FlowRefused("not_found")
        services.choose_account(user, account_id)
        services.note_contacts_changed(user, now)
        erased = inbox.erase_all(account_id)
        outbox.put_notice(ACTION, account_id, now)
        audit.record(
            ACTION,
            actor=f"user:{user.pk}",
            now=now,
            account_id=account_id,
            facts={"messages_erased": erased},
        )
    wake.outbox()


def accounts_on_file(user: User, now: datetime) -> Sequence[Account]:
    """Unclaimed accounts that the user has shown to be theirs. At most four queries."""
    by_email = claims.on_file_by_email(user)
    phone = user.phone if user.phone_verified else None
    holder = inventory.holder_at(int(phone), now) if phone else None
    known = {each.id for each in by_email}
    by_phone = claims.on_file_by_phone(user, holder)
    return [*by_email, *(each for each in by_phone if each.id not in known)]
