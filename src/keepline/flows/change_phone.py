"""`phone.changed`: a user has shown by a code that a number is theirs; they sign in with it now.

A number of our stock that is on no line is in nobody's hands, and nobody's key: a code that was
sent while it was on one is refused then. The number's row is locked before the user's, as where it
leaves its holder (inventory.services.withdraw_all): of the two, whoever comes second sees it.
"""

from datetime import datetime

from django.db import transaction

from keepline.accounts import queries as accounts
from keepline.accounts import services
from keepline.audit import services as audit
from keepline.core.lifecycle.number import NumberState
from keepline.flows.errors import FlowRefused
from keepline.inventory import queries as stock
from keepline.inventory import services as inventory

ACTION = "phone.changed"
# One that is expected is still with another operator, in the hands of whoever brings it.
IN_HANDS = (
    NumberState.ASSIGNED,
    NumberState.RECALL,
    NumberState.PORTED_OUT,
    NumberState.EXPECTED,
)


@transaction.atomic
def change_phone(user_id: int, phone: str, now: datetime) -> str:
    """`phone`: E.164 with +, confirmed. Returns the one before, if it was confirmed and another.

    Raises FlowRefused("phone_refused"), and IntegrityError when somebody else signs in with it.
    """
    ours = stock.number(int(phone)) is not None
    if ours and inventory.lock_number(int(phone)).state not in IN_HANDS:
        raise FlowRefused("phone_refused")
    user = accounts.lock_user(user_id)
    if user.phone == phone and user.phone_verified:
        services.note_phone_shown(user, now)
        return ""
    known, before = accounts.has_verified_contact(user), user.phone if user.phone_verified else ""
    services.set_phone(user, phone, verified=True)
    services.note_phone_shown(user, now)
    if known:
        services.note_contacts_changed(user, now)
    member = accounts.membership_of(user_id)
    account_id = member.account_id if member else None
    actor = f"user:{user_id}"
    audit.record(ACTION, actor=actor, now=now, account_id=account_id, facts={"first": not known})
    return before or ""
